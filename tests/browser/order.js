// What a page says about itself: its headings' levels, controls without a name, ids that are missing or twice there.
() => {
  const named = (e) => (e.getAttribute("aria-label") || e.textContent || "").trim();
  const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id);
  const pointed = Array.from(document.querySelectorAll("[aria-labelledby],[aria-describedby],[for]"), (e) =>
    ["aria-labelledby", "aria-describedby", "for"].flatMap((a) => (e.getAttribute(a) || "").split(" "))).flat();
  return {
    lang: document.documentElement.lang,
    levels: Array.from(document.querySelectorAll("main h1,main h2,main h3,main h4"), (e) => Number(e.tagName[1])),
    unlabelled: Array.from(document.querySelectorAll("input:not([type=hidden]),select"))
      .filter((e) => !Array.from(e.labels).some((l) => l.textContent.trim())).map((e) => e.outerHTML),
    nameless: Array.from(document.querySelectorAll("a,button,summary")).filter((e) => !named(e)).map((e) => e.outerHTML),
    twice: ids.filter((id, at) => ids.indexOf(id) !== at),
    dangling: pointed.filter((id) => id && !document.getElementById(id)),
    headless: Array.from(document.querySelectorAll("table")).filter((t) => !t.querySelector("th[scope=col]")).length,
  };
}
