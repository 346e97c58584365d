// Four normal photographs and ViT-Tiny's real weights, on leather and hazelnuts: the figures that docs/method.md states.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, sharedData } from './support/paths.js'

interface Figures { imageAuroc: number; pixelAuroc: number; pro: number; entries: number[] }

const plain = { features: { layers: [6], neighbourhoods: [1] }, bank: { share: 1, distance: 'cosine' }, imageScore: 'max' }

describe.each(['leather', 'hazelnut'])('%s', (name) => {
  test.for([{ what: 'a plain patch bank', options: plain, entries: 4 * 196, pixel: 0.985 }, { what: 'patchcore', options: {}, entries: 79, pixel: 0.98 }])('$what', ({ options, entries, pixel }, { skip }) => {
    const model = sharedData('vit-tiny', skip), pictures = sharedData(name, skip)
    const found = JSON.parse(execFileSync(process.execPath, [join(root, 'tools/few-shot/measure.mjs'), model, pictures, '4', JSON.stringify(options)], { encoding: 'utf8' })) as Figures
    expect(found.entries).toEqual([entries])
    expect(found.imageAuroc).toBeGreaterThanOrEqual(0.995)
    expect(found.pixelAuroc).toBeGreaterThan(pixel)
    expect(found.pro).toBeGreaterThan(0.85)
  })
})
