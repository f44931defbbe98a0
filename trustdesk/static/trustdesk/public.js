// Entry of the scripts on public pages: live times, and forms that keep what was typed and are not sent twice.
import { startTimes } from "./times.js";
import { startForms } from "./forms.js";
import { startProof } from "./proof.js";

document.documentElement.dataset.js = "on";
startTimes();
startForms();
startProof();
