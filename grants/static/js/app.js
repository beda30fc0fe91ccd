// What every page does beyond its HTML; without scripts all pages work the same, only less promptly.
import "./autosave.js";
import "./budget.js";
import "./countdown.js";
import "./counter.js";
import "./errors.js";
import "./once.js";
import "./organisations.js";
