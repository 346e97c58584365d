// Figures of merit, computed in the addon.
import { loadAddon } from './addon.js'
import { wrongType } from './check.js'
import { fromNative, rangeError } from './errors.js'

/** 0 normal, any other value anomalous. */
export type Labels = Uint8Array
export type Scores = Float32Array | Float64Array

/**
 * Area under the ROC curve: the share of (anomalous, normal) pairs in which the anomalous one scores higher, ties a
 * half. Throws a RangeError where a label is missing or a score is not a number.
 */
function auroc(labels: Labels, scores: Scores): number {
  check(labels, scores)
  try {
    return loadAddon().auroc(labels, scores)
  } catch (error) {
    throw fromNative(error)
  }
}

/** The same on a thread of its own, on copies of the arrays. */
async function aurocAsync(labels: Labels, scores: Scores): Promise<number> {
  check(labels, scores)
  try {
    return await loadAddon().auroc(labels, scores, true)
  } catch (error) {
    throw fromNative(error)
  }
}

function check(labels: Labels, scores: Scores): void {
  if (!(labels instanceof Uint8Array)) throw wrongType('a Uint8Array of 0 and 1', 'labels', labels)
  if (!(scores instanceof Float32Array || scores instanceof Float64Array)) throw wrongType('a Float32Array or Float64Array', 'scores', scores)
  if (labels.length !== scores.length) throw rangeError(`Expected as many scores as labels but received ${scores.length} and ${labels.length}`)
}

export const metrics = { auroc, async: { auroc: aurocAsync } }
