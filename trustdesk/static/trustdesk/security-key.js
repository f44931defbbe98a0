// Asks the browser for a security key (WebAuthn) and sends its answer with the form. Bytes travel as base64url.

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function prepared(options) {
  const key = { ...options.publicKey, challenge: toBytes(options.publicKey.challenge) };
  if (key.user) key.user = { ...key.user, id: toBytes(key.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (key[list]) key[list] = key[list].map((one) => ({ ...one, id: toBytes(one.id) }));
  }
  return { publicKey: key };
}

function plain(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

for (const form of document.querySelectorAll("[data-security-key]")) {
  const trouble = form.querySelector(".error[hidden]");
  form.querySelector("button[type=button]").addEventListener("click", async () => {
    trouble.hidden = true;
    try {
      const options = prepared(JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[form.dataset.securityKey](options);
      form.elements.credential.value = JSON.stringify(plain(credential));
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
}
