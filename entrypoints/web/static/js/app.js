// Runs on every page. Pages work without it: what it loads only makes them quicker and kinder.

import "./core.js";
import "./elements.js";
