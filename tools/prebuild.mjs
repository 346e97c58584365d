// Fills prebuilds/<platform>-<arch>/ from a finished build: the addon under the name that the loader looks for, and
// libonnxruntime beside it. Run on each platform that the package ships for, then `npm pack`.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync('npx', ['prebuildify', '--napi', '--tag-libc', '--strip', '--node-gyp', 'true'],
  { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
if (status !== 0) process.exit(1)
const folder = `prebuilds/${process.platform}-${process.arch}`
for (const name of readdirSync(`${root}build/Release`)) {
  if (/onnxruntime/.test(name)) copyFileSync(`${root}build/Release/${name}`, `${root}${folder}/${name}`)
}
console.log(`${folder}: ${readdirSync(`${root}${folder}`).join(', ')}`)
