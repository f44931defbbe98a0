// Entry of the desk's scripts. Pages work without them; they add keys, the palette, live times and confirmations.
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startTimes } from "./times.js";
import { startCopy } from "./copy.js";
import { startForms } from "./forms.js";
import { startTheme } from "./theme.js";

document.documentElement.dataset.js = "on";
startTheme();
startTimes();
startCopy();
startForms();
startKeys();
startPalette();
