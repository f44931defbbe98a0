// Finds the answer to a proof of work in the background and lets the form be sent with it. Without this script, or on a
// page without a secure connection, the form says how else a report reaches us.
const BATCH = 512;

async function zeroBits(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  let bits = 0;
  for (const byte of bytes) {
    if (byte === 0) {
      bits += 8;
      continue;
    }
    return bits + Math.clz32(byte) - 24;
  }
  return bits;
}

async function solve(challenge, bits) {
  for (let start = 0; ; start += BATCH) {
    const tries = Array.from({ length: BATCH }, (_, n) => String(start + n));
    const found = await Promise.all(tries.map((answer) => zeroBits(`${challenge}.${answer}`)));
    const hit = found.findIndex((zeros) => zeros >= bits);
    if (hit >= 0) return tries[hit];
  }
}

export async function startProof() {
  const box = document.querySelector("[data-proof]");
  if (!box || !globalThis.crypto?.subtle) return;
  const field = box.querySelector("input[name=proof]");
  field.value = await solve(box.dataset.proof, Number(box.dataset.bits));
  box.querySelector("[data-proof-ready]").hidden = false;
  box.querySelector("[data-proof-busy]").hidden = true;
}
