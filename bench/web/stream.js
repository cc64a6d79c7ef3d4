// 1 MB in 64 chunks, each made when it is asked for.
const chunk = new Uint8Array(16384).fill(97)

export default {
  fetch() {
    let left = 64
    return new Response(new ReadableStream({
      pull(controller) {
        controller.enqueue(chunk)
        if (--left === 0) controller.close()
      },
    }, { highWaterMark: 0 }))
  },
}
