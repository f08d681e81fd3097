// Shows each save in its place: the page is fetched again, and its parts take the place of the old ones, so that no choice,
// no scroll position and no focus is lost. Without this script the form and a reload by hand do the same.
const EVERY_MS = 400;
const form = document.querySelector("form");
const trouble = document.querySelector("#trouble");
let stamp = document.body.dataset.stamp;
let turn = 0;

const address = () => `/?${new URLSearchParams(new FormData(form))}`;

function tell(problem) {
  if (trouble.textContent !== problem) trouble.textContent = problem;
  trouble.hidden = !problem;
}

function replaceFrame(view, old, fresh) {
  const place = old.contentWindow?.scrollY ?? 0;
  const hadFocus = document.activeElement === old;
  view.querySelectorAll("iframe.coming").forEach((waiting) => waiting.remove());
  fresh.classList.add("coming");
  fresh.addEventListener("load", () => {
    fresh.contentWindow.scrollTo(0, place);
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
  const place = view.scrollTop;
  const focused = document.activeElement?.id;
  view.replaceChildren(...fresh.childNodes);
  view.scrollTop = place;
  if (focused && view.querySelector(`#${focused}`)) view.querySelector(`#${focused}`).focus({ preventScroll: true });
}

async function refresh() {
  const mine = ++turn;
  const answer = await fetch(address());
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== turn) return; // a later choice is on its way
  stamp = page.body.dataset.stamp;
  if (page.body.dataset.broken) {
    tell(page.querySelector("#trouble").textContent);
    return;
  }
  tell("");
  document.title = page.title;
  document.querySelector("h1").textContent = page.querySelector("h1").textContent;
  for (const id of ["facts", "findings", "audiences"]) {
    const [part, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (part.innerHTML !== fresh.innerHTML && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
  }
  showView(document.querySelector("#view"), page.querySelector("#view"));
  document.querySelector("#news").textContent = document.querySelector("#findings h2").textContent;
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
