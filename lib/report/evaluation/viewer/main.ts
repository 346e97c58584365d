// What can be seen first is drawn first; the gallery waits for a turn of the event loop.
startCategoryTable();
startCharts();
setTimeout(startGallery);
