// The data of the page. Chunks of images are parsed when they are needed, and an LRU cache keeps some of them.
import type {
	CategoryCurves,
	ChunkImage,
	ImageRow,
	Payload,
	PayloadCategory,
} from "../payload.js";

function parseElement<T>(id: string): T {
	return JSON.parse(document.getElementById(id)!.textContent) as T;
}

export const page = parseElement<Payload>("data-page");
export const rows = parseElement<ImageRow[]>("data-images");

const maxChunks = 80;
const chunks = new Map<number, ChunkImage[]>();

export function imageOf(row: ImageRow): ChunkImage {
	const chunk =
		chunks.get(row.chunk) ??
		parseElement<ChunkImage[]>(`data-chunk-${row.chunk}`);
	// A Map keeps the order of insertion: the first key is the least recently used.
	chunks.delete(row.chunk);
	chunks.set(row.chunk, chunk);
	if (chunks.size > maxChunks) chunks.delete(chunks.keys().next().value!);
	return chunk[row.at]!;
}

export function curvesOf(category: PayloadCategory): CategoryCurves {
	return parseElement<CategoryCurves>(`data-curves-${category.curves}`);
}

export function categoryOf(row: ImageRow): PayloadCategory {
	return page.datasets[row.dataset]!.categories[row.category]!;
}

/** Images with this score or a higher one are classified as anomalous. */
export function thresholdOf(row: ImageRow, system: number): number | null {
	return categoryOf(row).variants[system]?.threshold ?? null;
}
