import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Dataset, LayoutName } from './dataset.js'
import { AlfaError, rangeError } from '../errors.js'
export async function readDataset(root: string, { classes }: { layout?: LayoutName; classes?: readonly string[] } = {}): Promise<Dataset> {
  const dirs = (p: string) => existsSync(p) ? readdirSync(p).sort() : []
  const single = existsSync(join(root, 'test'))
  let names = single ? [basename(root)] : dirs(root).filter((n) => existsSync(join(root, n, 'test')))
  if (!names.length) throw new AlfaError('ERR_ALFA_DATASET' as never, 'none')
  if (classes?.some((c) => !names.includes(c))) throw rangeError('no class')
  if (classes) names = names.filter((n) => classes.includes(n))
  const problems: never[] = []
  return { name: basename(root), root, layout: 'mvtec', problems, categories: names.map((name) => {
    const at = single ? root : join(root, name), pre = single ? '' : `${name}/`
    const test = dirs(join(at, 'test')).flatMap((kind) => dirs(join(at, 'test', kind)).map((f) => {
      const stem = f.replace(/\.\w+$/, '')
      const mask = [`${stem}_mask.png`, `${stem}.png`].map((m) => join(at, 'ground_truth', kind, m)).find(existsSync)
      return { id: `${pre}test/${kind}/${f}`, file: join(at, 'test', kind, f), kind, anomalous: kind !== 'good', ...(kind !== 'good' && mask && { mask }) } }))
    return { name, test: test.sort((a, b) => a.id < b.id ? -1 : 1), train: dirs(join(at, 'train/good')).map((f) => ({ id: `${pre}train/good/${f}`, file: join(at, 'train/good', f) })) }
  }) }
}
