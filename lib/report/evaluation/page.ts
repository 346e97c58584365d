import { writeFile } from 'node:fs/promises'
import type { Evaluation, RunInfo } from '../../evaluate/results.js'
export interface PageImage {
  category: string; dataset: string; id: string; kind: string; anomalous: boolean
  picture?: Uint8Array
  mask?: Uint8Array
  variants: Record<string, { score: number; kept?: [number, number]; of?: [number, number]; ambiguous?: boolean
    reasons: { text: string; similarity: number }[]; map?: { width: number; height: number; values: Uint8Array } }>
}
export interface EvaluationPage { evaluation: Evaluation; run: RunInfo; images: AsyncIterable<PageImage> | Iterable<PageImage> }
export async function writeEvaluationPage(file: string, page: EvaluationPage): Promise<void> { for await (const _ of page.images) {} await writeFile(file, 'x'.repeat(20000)) }
