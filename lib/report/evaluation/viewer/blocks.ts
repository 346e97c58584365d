// The page's data. Chunks of images are parsed when they are needed, and only the latest are kept.

function block<T>(id: string): T {
	return JSON.parse(document.getElementById(id)!.textContent) as T;
}

const page = block<Payload>("data-page");
const rows = block<ImageRow[]>("data-images");

const chunksKept = 80;
const chunks = new Map<number, ChunkImage[]>();

function imageOf(row: ImageRow): ChunkImage {
	const chunk =
		chunks.get(row.chunk) ?? block<ChunkImage[]>(`data-chunk-${row.chunk}`);
	chunks.delete(row.chunk);
	chunks.set(row.chunk, chunk);
	if (chunks.size > chunksKept) chunks.delete(chunks.keys().next().value!);
	return chunk[row.at]!;
}

function curvesOf(category: PayloadCategory): CurveBlock {
	return block<CurveBlock>(`data-curves-${category.curves}`);
}

function categoryOf(row: ImageRow): PayloadCategory {
	return page.datasets[row.dataset]!.categories[row.category]!;
}

/** An image at or above it is called anomalous. */
function thresholdOf(row: ImageRow, system: number): number | null {
	return categoryOf(row).variants[system]?.threshold ?? null;
}
