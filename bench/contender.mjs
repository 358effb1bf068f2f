// One contender in a process of its own: what V8 learned of one, and the garbage it left, must not slow another.
//
// A contender is a module with `create(args)`, which makes its input, makes the bytes once, reads them back and compares, and
// returns {byteLength, rawByteLength?, run, check}: `run` does the work once and is what is timed; `check` throws unless the bytes were the same.

const { module, args } = JSON.parse(process.argv[2])
const { create } = await import(module)
const contender = await create(args)

process.on('message', async () => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await contender.run()
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  contender.check()
  process.send({ ms, cpuMs: (user + system) / 1000 })
})
const { byteLength, rawByteLength } = contender
process.send({ byteLength, rawByteLength })
