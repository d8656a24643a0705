() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const all = Array.from(document.querySelectorAll("*"));
  return { at: all.indexOf(e), tag: e.tagName, shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 };
}
