// Shows each save in its place: the page is fetched again, and its parts take the place of the old ones, so that no choice,
// no scroll position and no focus is lost. Without this script the form and a reload by hand do the same.
const EVERY_MS = 400;
const SLOW_MS = 600;
const LANDMARKS = "h1, h2, h3, h4, h5, h6, p, li, td, th, pre";
const form = document.querySelector("form");
const trouble = document.querySelector("#trouble");
let stamp = document.body.dataset.stamp;
let turn = 0;

const address = () => `/?${new URLSearchParams(new FormData(form))}`;

function tell(problem) {
  if (trouble.textContent !== problem) trouble.textContent = problem;
  trouble.hidden = !problem;
}

function news(said) {
  const place = document.querySelector("#news");
  if (place.textContent !== said) place.textContent = said;
}

// What stands once in a page, by its words: the same words mark the same place in the next one, whatever came before them.
function landmarks(root) {
  const found = new Map();
  for (const element of root.querySelectorAll(LANDMARKS)) {
    const words = (element.querySelector(":scope > code") ?? element).textContent.trim();
    if (words) found.set(words, found.has(words) ? null : element);
  }
  return found;
}

// Where the reader is: the landmarks with their distance from the upper edge, the nearest below it first.
function placeIn(root, edge, scrolled) {
  if (scrolled <= 0) return [];
  const distances = [...landmarks(root)].filter(([, element]) => element)
    .map(([words, element]) => [words, element.getBoundingClientRect().top - edge]);
  const weight = (distance) => (distance < 0 ? -3 * distance : distance);
  return distances.sort((one, other) => weight(one[1]) - weight(other[1])).slice(0, 60);
}

// How far to scroll so that the nearest landmark that is still there stands where it stood; null where none is left.
function drift(place, root, edge) {
  if (!place.length) return null;
  const now = landmarks(root);
  const kept = place.find(([words]) => now.get(words));
  return kept ? now.get(kept[0]).getBoundingClientRect().top - edge - kept[1] : null;
}

function replaceFrame(view, old, fresh) {
  const pixels = old.contentWindow?.scrollY ?? 0;
  const place = old.contentDocument?.body ? placeIn(old.contentDocument.body, 0, pixels) : [];
  const hadFocus = document.activeElement === old;
  view.querySelectorAll("iframe.coming").forEach((waiting) => waiting.remove());
  fresh.classList.add("coming");
  fresh.addEventListener("load", () => {
    fresh.contentWindow.scrollTo(0, pixels);
    fresh.contentWindow.scrollBy(0, drift(place, fresh.contentDocument.body, 0) ?? 0);
    old.remove();
    fresh.classList.remove("coming");
    if (hadFocus) fresh.focus();
  }, { once: true });
  view.append(fresh);
}

function showView(view, fresh) {
  const old = view.querySelector("iframe:not(.coming)");
  const coming = fresh.querySelector("iframe");
  const main = view.closest("main");
  main.setAttribute("aria-label", fresh.closest("main").getAttribute("aria-label"));
  for (const name of ["class", "tabindex", "role", "aria-label"]) {
    if (fresh.hasAttribute(name)) view.setAttribute(name, fresh.getAttribute(name));
    else view.removeAttribute(name);
  }
  if (old && coming) {
    const same = ["src", "data-digest", "class"].every((name) => old.getAttribute(name) === coming.getAttribute(name));
    if (!same) replaceFrame(view, old, document.adoptNode(coming));
    return;
  }
  const [pixels, edge] = [view.scrollTop, view.getBoundingClientRect().top];
  const place = placeIn(view, edge, pixels);
  const focused = document.activeElement?.id;
  view.replaceChildren(...fresh.childNodes);
  view.scrollTop = pixels;
  view.scrollTop += drift(place, view, edge) ?? 0;
  if (focused && view.querySelector(`#${focused}`)) view.querySelector(`#${focused}`).focus({ preventScroll: true });
}

// New parts in the place of the old; what had the focus has it again, or what now stands where it stood.
function replacePart(part, fresh) {
  const places = (root) => [...root.querySelectorAll("a, input")];
  const at = places(part).indexOf(document.activeElement);
  part.replaceChildren(...fresh.childNodes);
  if (at >= 0) places(part).at(Math.min(at, places(part).length - 1))?.focus({ preventScroll: true });
}

async function refresh() {
  const mine = ++turn;
  const slow = setTimeout(() => news("Reading …"), SLOW_MS);
  const answer = await fetch(address()).finally(() => clearTimeout(slow));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== turn) return; // a later choice is on its way
  stamp = page.body.dataset.stamp;
  if (page.body.dataset.broken) {
    tell(page.querySelector("#trouble").textContent);
    news("");
    return;
  }
  tell("");
  document.title = page.title;
  document.querySelector("h1").textContent = page.querySelector("h1").textContent;
  for (const id of ["facts", "findings", "audiences"]) {
    const [part, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (part.innerHTML !== fresh.innerHTML) replacePart(part, fresh);
  }
  showView(document.querySelector("#view"), page.querySelector("#view"));
  news(document.querySelector("#findings h2").textContent);
}

async function goTo(line) {
  form.elements.show.value = "source";
  await choose();
  const found = document.getElementById(`L${line}`);
  found?.scrollIntoView({ block: "center" });
  found?.focus({ preventScroll: true });
}

async function choose() {
  history.replaceState(null, "", address());
  await refresh();
}

async function ask() {
  try {
    return await (await fetch("/stamp")).text();
  } catch (fault) {
    if (!(fault instanceof TypeError)) throw fault; // TypeError: nobody answers
    return null;
  }
}

async function look() {
  try {
    const now = await ask();
    if (now === null) {
      tell("The preview has ended; start it again, and this page goes on.");
      stamp = "";
    } else if (now !== stamp) {
      if (form) await refresh();
      else location.reload(); // it was broken from the start
    }
  } finally {
    setTimeout(look, EVERY_MS);
  }
}

if (form) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", choose);
  document.addEventListener("click", (event) => {
    const line = event.target.closest?.("a[data-line]")?.dataset.line;
    if (!line || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(line);
  });
}
setTimeout(look, EVERY_MS);
