// What can be reached by Tab, in the order of the page.
() => Array.from(document.querySelectorAll("a[href],button,input:not([type=hidden]),select,summary,[tabindex='0']"))
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled).length
