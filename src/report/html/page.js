
"use strict";
const form = document.getElementById("filter");
const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));

function show() {
  const words = document.getElementById("search").value.toLowerCase().split(" ").filter(Boolean);
  const chosen = all("select", form).filter((select) => select.value);
  const changes = all(".change");
  const matches = (change) =>
    words.every((word) => change.textContent.toLowerCase().includes(word))
      ? chosen.every((select) => change.dataset[select.dataset.filter] === select.value)
      : false;
  changes.forEach((change) => { change.hidden = !matches(change); });
  const filtered = words.length + chosen.length > 0;
  all(".target").forEach((target) => {
    target.hidden = filtered ? all(".change:not([hidden])", target).length === 0 : false;
  });
  const shown = changes.filter((change) => !change.hidden).length;
  document.getElementById("shown").value = filtered ? `${shown} of ${changes.length} shown` : "";
}

if (form) {
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("search");
    if (event.key === "/" ? document.activeElement.matches("body, summary") : false) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape") {
      form.reset();
      show();
      search.blur();
    }
  });
}
