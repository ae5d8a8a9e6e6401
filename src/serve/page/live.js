"use strict";
// Shows what is new on an open page. Without this, a reload does.
let source = null;
let waiting = null;

const isBusy = () => {
  const main = document.getElementById("main");
  const selection = document.getSelection();
  return main.contains(document.activeElement) && document.activeElement !== main
    ? true
    : selection !== null && !selection.isCollapsed;
};

const show = async () => {
  waiting = null;
  if (isBusy()) {
    later();
    return;
  }
  const answer = await fetch(window.location.href, { redirect: "error" }).catch(() => null);
  if (answer === null || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  if (fresh === null || isBusy()) return;
  const closed = new Set(Array.from(document.querySelectorAll("details:not([open]) > summary"), (one) => one.textContent));
  document.getElementById("main").replaceChildren(...fresh.childNodes);
  document.querySelectorAll("details > summary").forEach((one) => {
    if (closed.has(one.textContent)) one.parentElement.open = false;
  });
};

const later = () => {
  if (waiting === null) waiting = window.setTimeout(show, 1000);
};

const isHere = (target) => {
  const shown = /^\/targets\/([^/]+)/.exec(window.location.pathname);
  return target === "" || shown === null || shown[1] === target;
};

const listen = () => {
  if (document.hidden) {
    if (source !== null) source.close();
    source = null;
  } else if (source === null) {
    source = new EventSource("/events");
    source.onmessage = (event) => {
      if (isHere(event.data)) later();
    };
  }
};

document.addEventListener("visibilitychange", () => {
  listen();
  if (!document.hidden) later();
});
listen();
