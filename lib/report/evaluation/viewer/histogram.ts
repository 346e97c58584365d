// How the image scores of a category lie, good beside defective, and where the threshold of the best F1 cuts them.

interface Bins { centres: number[]; good: number[]; defective: number[]; width: number }

const binCount = 24

function binsOf(good: readonly number[], defective: readonly number[]): Bins | null {
  const all = [...good, ...defective]
  if (all.length === 0) return null
  const low = Math.min(...all), high = Math.max(...all)
  const width = (high - low || 1e-6) / binCount
  const counts = (scores: readonly number[]) => {
    const bins = new Array<number>(binCount).fill(0)
    for (const score of scores) bins[Math.min(binCount - 1, Math.floor((score - low) / width))]!++
    return bins
  }
  return { centres: Array.from({ length: binCount }, (_, i) => low + (i + 0.5) * width), good: counts(good), defective: counts(defective), width }
}

function histogramChart(place: HTMLElement, { centres, good, defective, width }: Bins, threshold: number | null): Plot {
  const bars = uPlot.paths.bars!({ size: [1, Infinity], gap: 1 })
  const series = (name: string) => ({ stroke: () => colour(name), fill: () => `${colour(name)}66`, width: 1, paths: bars, points: { show: false } })
  const low = centres[0]! - width / 2, high = centres.at(-1)! + width / 2
  const range: [number, number] = threshold === null ? [low, high] : [Math.min(low, threshold - width / 2), Math.max(high, threshold + width / 2)]
  return new uPlot({
    ...plotSize(place), legend: { show: false }, cursor: { show: false }, padding: [8, 10, 0, 0],
    scales: { x: { time: false, range }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] } },
    axes: axes('score', 'images'),
    series: [{}, series('good'), series('bad')],
    hooks: { draw: [(chart) => { if (threshold !== null) thresholdLine(chart, threshold) }] },
  }, [centres, good, defective], place)
}

function thresholdLine(chart: Plot, threshold: number): void {
  const { ctx, bbox } = chart
  const x = Math.round(chart.valToPos(threshold, 'x', true)) + 0.5
  ctx.save()
  ctx.strokeStyle = colour('ink')
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, bbox.top + bbox.height)
  ctx.stroke()
  ctx.restore()
}

function histogramText(good: readonly number[], defective: readonly number[], threshold: number | null): Child[] {
  const key = (name: string, count: number) => make('span', { class: `key ${name}` }, `${name} (${count})`)
  const rest = threshold === null ? 'no threshold'
    : `threshold ${threshold.toFixed(3)}: ${good.filter((score) => score >= threshold).length} false alarms, ${defective.filter((score) => score < threshold).length} missed`
  return [key('good', good.length), key('defective', defective.length), make('span', {}, rest)]
}
