// Times that move: <time data-ago> says how long ago, <time data-left> how much is left. The server has already
// written the first text; this keeps it true. Words come from the page (data attributes of <body>), not from here.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

function span(seconds, words) {
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} ${words.min}`;
  if (seconds < DAY) {
    const minutes = String(Math.floor((seconds % HOUR) / MINUTE)).padStart(2, "0");
    return `${Math.floor(seconds / HOUR)} ${words.h} ${minutes}`;
  }
  return `${Math.floor(seconds / DAY)} ${words.d}`;
}

function refresh() {
  const words = document.body.dataset;
  const now = Date.now() / 1000 + Number(words.clockShift ?? 0);
  for (const node of document.querySelectorAll("time[data-ago], time[data-left]")) {
    const at = Date.parse(node.dateTime) / 1000;
    if (Number.isNaN(at)) continue;
    if ("ago" in node.dataset) {
      const past = now - at;
      if (past >= 0 && past < DAY) node.textContent = past < MINUTE ? words.now : words.ago.replace("%s", span(past, words));
    } else {
      const left = at - now;
      if (left < 0) node.textContent = words.late.replace("%s", span(-left, words));
      else if (left < DAY) node.textContent = span(left, words);
    }
  }
}

// The server shows times in this zone from the next page on; it is told by a cookie because it draws the page.
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax`;
}

export function startTimes() {
  tellZone();
  const words = document.body.dataset;
  if (!words.min) return;
  // The page says what time the server thinks it is; a wrong clock on the desk must not move a legal deadline.
  if (words.serverNow) words.clockShift = String(Number(words.serverNow) - Date.now() / 1000);
  refresh();
  setInterval(refresh, 20_000);
  document.addEventListener("htmx:afterSwap", refresh);
}
