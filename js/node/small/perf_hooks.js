// node:perf_hooks
module.exports = {
  performance: globalThis.performance,
  monitorEventLoopDelay: () => ({ enable() {}, disable() {}, reset() {}, min: 0, max: 0, mean: 0, percentile: () => 0 }),
}
