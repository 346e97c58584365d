import sharp from 'sharp'
import type { Problem } from './dataset.js'
export async function readMask(file: string, _image: { width: number; height: number }, target: { width: number; height: number }, _fit: 'squash' | 'crop'): Promise<{ mask?: Uint8Array; problem?: Pick<Problem, 'kind' | 'message'> }> {
  const { data, info } = await sharp(file).extractChannel(0).raw().toBuffer({ resolveWithObject: true })
  return { mask: Uint8Array.from({ length: target.width * target.height }, (_, i) => Number(data[Math.floor((Math.floor(i / target.width) + 0.5) * info.height / target.height) * info.width + Math.floor((i % target.width + 0.5) * info.width / target.width)]! > 0)) }
}
