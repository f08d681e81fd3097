// Reloads on save without losing the place; without scripts the page is reloaded by hand.
const bar = document.querySelector("form");
if (bar) bar.addEventListener("change", () => bar.requestSubmit());
const frame = document.querySelector("iframe");
const places = () => [window.scrollY, frame?.contentWindow?.scrollY ?? 0];
const kept = JSON.parse(sessionStorage.getItem("places") ?? "[0, 0]");
window.addEventListener("load", () => {
  window.scrollTo(0, kept[0]);
  frame?.contentWindow?.scrollTo(0, kept[1]);
});
setInterval(async () => {
  sessionStorage.setItem("places", JSON.stringify(places()));
  const stamp = await (await fetch("/stamp")).text();
  if (stamp !== document.body.dataset.stamp) location.reload();
}, 500);
