// The HTML of the sections that the viewer fills: controls, and empty elements for tables, charts and images.

export const categorySection = `<section id="categories" aria-labelledby="categories-title" class="scripted">
<h2 id="categories-title">Categories</h2>
<div class="controls">
<label id="category-dataset-label">Dataset <select id="category-dataset"></select></label>
<label>Show <select id="category-show"></select></label>
</div>
<p class="caption" id="category-caption"></p>
<div class="wide" role="region" aria-label="Metrics by category" tabindex="0">
<table class="metrics" id="category-table"></table>
</div>
<ol class="notes" id="category-notes"></ol>
</section>`;

function chartPanel(id: string, title: string): string {
	return `<figure class="chart" id="chart-${id}"><figcaption>${title}</figcaption>
<div class="plot"></div><p class="legend"></p></figure>`;
}

export const chartSection = `<section id="charts" aria-labelledby="charts-title" class="scripted">
<h2 id="charts-title">Curves and scores</h2>
<div class="controls">
<label>Category <select id="chart-category"></select></label>
<label>Scores of <select id="chart-system"></select></label>
<fieldset class="chips"><legend>Curves of</legend><div id="chart-systems"></div></fieldset>
</div>
<p class="caption">If references were drawn several times, then curves, scores, thresholds and images are those of the
first draw, and metric values are means.</p>
<div class="charts">
${chartPanel("roc", "Images: ROC")}
${chartPanel("pr", "Images: precision and recall")}
${chartPanel("scores", "Image scores")}
${chartPanel("pixelRoc", "Pixels: ROC")}
${chartPanel("pixelPr", "Pixels: precision and recall")}
${chartPanel("pro", "Pixels: per-region overlap")}
</div>
</section>`;

function pager(position: string): string {
	return `<div class="pager">
<button type="button" data-step="-1" aria-label="Previous page, ${position}">Previous</button>
<span class="page-number"></span>
<button type="button" data-step="1" aria-label="Next page, ${position}">Next</button>
</div>`;
}

function select(
	label: string,
	id: string,
	options: Readonly<Record<string, string>> = {},
): string {
	const elements = Object.entries(options).map(
		([value, text]) => `<option value="${value}">${text}</option>`,
	);
	return `<label>${label} <select id="filter-${id}">${elements.join("")}</select></label>`;
}

const outcomes = {
	all: "all",
	wrong: "wrong only",
	missed: "missed defects",
	alarm: "false alarms",
	right: "correct only",
};
const orders = {
	worst: "worst first",
	best: "best first",
	up: "score, low to high",
	down: "score, high to low",
};

export const gallerySection = `<section id="images" aria-labelledby="images-title" class="scripted">
<h2 id="images-title" tabindex="-1">Images</h2>
<form class="controls" id="filters" role="search" aria-label="Images">
${select("System", "system")}
${select("Category", "category")}
${select("Kind", "kind")}
${select("Outcome", "outcome", outcomes)}
${select("Sort", "sort", orders)}
<label>Name <input id="filter-text" type="search" autocomplete="off" spellcheck="false"></label>
<button type="button" id="filters-reset">Reset filters</button>
</form>
<div class="strip">
<p class="caption" id="gallery-status" role="status"></p>
<div class="overlay-controls">
<button type="button" id="show-mask" aria-pressed="true">Mask</button>
<button type="button" id="show-map" aria-pressed="true">Anomaly map</button>
<label>Opacity <input id="map-opacity" type="range" min="0" max="100" step="5" value="60"></label>
</div>
${pager("above the images")}
</div>
<a class="skip" href="#problems">Skip the images</a>
<div class="cards" id="cards"></div>
<div class="strip">${pager("below the images")}</div>
</section>`;
