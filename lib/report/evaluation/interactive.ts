// What the viewer fills: controls with their labels, and places for what it draws.

export const categorySection = `<section id="categories" aria-labelledby="categories-title" class="scripted"><h2 id="categories-title">Categories</h2>
<div class="controls">
<label id="category-dataset-label">Dataset <select id="category-dataset"></select></label>
<label>Show <select id="category-show"></select></label>
</div>
<p class="caption" id="category-caption"></p>
<div class="wide" role="region" aria-label="Figures by category" tabindex="0"><table class="figures" id="category-table"></table></div>
<ol class="notes" id="category-notes"></ol>
</section>`;

const panel = (id: string, title: string) =>
	`<figure class="chart" id="chart-${id}"><figcaption>${title}</figcaption><div class="plot"></div><p class="readout"></p></figure>`;

export const chartSection = `<section id="charts" aria-labelledby="charts-title" class="scripted"><h2 id="charts-title">Curves and scores</h2>
<div class="controls">
<label>Category <select id="chart-category"></select></label>
<label>Scores of <select id="chart-system"></select></label>
<fieldset class="chips"><legend>Curves of</legend><div id="chart-systems"></div></fieldset>
</div>
<p class="caption">Where references were drawn several times, curves, scores, thresholds and images are of the first draw; figures are means.</p>
<div class="charts">
${panel("roc", "Images: ROC")}${panel("pr", "Images: precision and recall")}${panel("scores", "Image scores")}
${panel("pixelRoc", "Pixels: ROC")}${panel("pixelPr", "Pixels: precision and recall")}${panel("pro", "Pixels: per-region overlap")}
</div>
</section>`;

const pager = (where: string) =>
	`<div class="pager"><button type="button" data-turn="-1" aria-label="Previous page, ${where}">Previous</button><span class="where"></span><button type="button" data-turn="1" aria-label="Next page, ${where}">Next</button></div>`;

export const gallerySection = `<section id="images" aria-labelledby="images-title" class="scripted"><h2 id="images-title" tabindex="-1">Images</h2>
<form class="controls" id="filters" role="search" aria-label="Images">
<label>System <select id="filter-system"></select></label>
<label>Category <select id="filter-category"></select></label>
<label>Kind <select id="filter-kind"></select></label>
<label>Verdict <select id="filter-verdict"><option value="all">all</option><option value="wrong">wrong only</option><option value="missed">missed defects</option><option value="alarm">false alarms</option><option value="right">right only</option></select></label>
<label>Sort <select id="filter-sort"><option value="worst">worst first</option><option value="best">best first</option><option value="up">score, low to high</option><option value="down">score, high to low</option></select></label>
<label>Name <input id="filter-text" type="search" autocomplete="off" spellcheck="false"></label>
<button type="button" id="filters-reset">Reset filters</button>
</form>
<div class="strip"><p class="caption" id="gallery-status" role="status"></p>
<div class="shown"><button type="button" id="show-mask" aria-pressed="true">Mask</button><button type="button" id="show-heat" aria-pressed="true">Heat map</button>
<label>Opacity <input id="heat-opacity" type="range" min="0" max="100" step="5" value="60"></label></div>
${pager("above the images")}</div>
<a class="skip" href="#problems">Skip the images</a>
<div class="cards" id="cards"></div>
<div class="strip">${pager("below the images")}</div>
</section>`;
