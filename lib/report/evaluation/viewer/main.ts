// Starts the viewer. The top of the page is drawn first; the gallery waits for the next turn of the event loop.
import { startCategoryTable } from "./category-table.js";
import { startCharts } from "./charts.js";
import { startGallery } from "./gallery.js";

startCategoryTable();
startCharts();
setTimeout(startGallery);
