// The pictures that travel with the package: demo/pictures/<class>/{train/good, test/good, test/<defect>}.
import { join, relative } from 'node:path'
import { AlfaError } from '../errors.js'
import { packageRoot } from '../root.js'
import { foldersIn, picturesIn } from './folders.js'

export interface DemoPicture { file: string; name: string; truth: string }
export interface DemoClass { name: string; normal: string[]; test: DemoPicture[] }

const root = join(packageRoot, 'demo', 'pictures')

export async function demoClasses(): Promise<DemoClass[]> {
  const classes = await Promise.all((await foldersIn(root)).map(async (name): Promise<DemoClass> => {
    const base = join(root, name)
    const kinds = await foldersIn(join(base, 'test'))
    const test = await Promise.all(kinds.map(async (truth) =>
      (await picturesIn(join(base, 'test', truth))).map((file) => ({ file, truth, name: relative(join(base, 'test'), file) }))))
    return { name, normal: await picturesIn(join(base, 'train', 'good')), test: test.flat() }
  }))
  const whole = classes.filter(({ normal, test }) => normal.length > 0 && test.length > 0)
  if (whole.length === 0) throw new AlfaError('ERR_ALFA_IMAGE', `The demo's pictures are missing: none in ${root}; install alfa-vad again`)
  return whole
}
