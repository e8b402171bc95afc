// Gives a network of ONNX's `light` tests, whose tensors are one value each, weights of its own, and runs it in ONNX
// Runtime: scripts/large_networks compares what Tenon imports with that.
//
//     node tests/interop/random_weights.mjs MODEL.onnx FOLDER
//
// writes FOLDER/random.onnx, and as plain floats FOLDER/input.bin and FOLDER/output.bin. The numbers are the same in
// every run. Skipped (77) where the package onnxruntime-node is not there (scripts/setup --interop).
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { runtime } from "./runtime.mjs";

// The fields of ONNX's messages that are looked at.
const model = { version: 1, graph: 7 };
const graph = { node: 1, initializer: 5 };
const operator = { input: 1, output: 2, type: 4 };
const tensor = { dims: 1, type: 2, int64s: 7, name: 8, raw: 9 };
const float32 = 1;

// The wire format of protocol buffers.
function readNumber(bytes, at) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++];
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [BigInt.asIntN(64, value), at];
  }
}
function* fields(bytes) {
  for (let at = 0; at < bytes.length;) {
    const start = at;
    let key, value;
    [key, at] = readNumber(bytes, at);
    const wire = Number(key & 7n);
    if (wire === 0) [value, at] = readNumber(bytes, at);
    else {
      let size = BigInt(wire === 1 ? 8 : 4);
      if (wire === 2) [size, at] = readNumber(bytes, at);
      value = bytes.subarray(at, at += Number(size));
    }
    yield { field: Number(key >> 3n), value, bytes: bytes.subarray(start, at) };
  }
}
function number(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    if (rest <= 127n) return Buffer.from(bytes);
  }
}
const integer = (field, value) => Buffer.concat([number(field << 3), number(value)]);
const head = (field, size) => Buffer.concat([number(field << 3 | 2), number(size)]);
const text = (field, value) => Buffer.concat([head(field, Buffer.byteLength(value)), Buffer.from(value)]);

/// Numbers from -1 to 1 (xorshift).
let state = 2463534242;
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state / 2 ** 31;
}

const [path, folder] = process.argv.slice(2);
const ort = runtime();
const whole = [...fields(readFileSync(path))];
const parts = [...fields(whole.find(({ field }) => field === model.graph).value)];

const shapes = new Map();  // what ConstantOfShape reads
for (const { field, value } of parts) {
  if (field !== graph.initializer) continue;
  const inside = [...fields(value)];
  const of = (wanted) => inside.filter((f) => f.field === wanted).map((f) => f.value);
  const [raw] = of(tensor.raw);
  const packed = of(tensor.int64s).flatMap((v) => {
    if (typeof v === "bigint") return [v];
    const all = [];
    for (let at = 0, one; at < v.length; all.push(one)) [one, at] = readNumber(v, at);
    return all;
  });
  const numbers = raw === undefined ? packed : Array.from({ length: raw.length / 8 }, (_, i) => raw.readBigInt64LE(8 * i));
  shapes.set(String(of(tensor.name)[0]), numbers.map(Number));
}
const nodes = parts.filter(({ field }) => field === graph.node).map(({ value, bytes }) => {
  const inside = [...fields(value)];
  const of = (wanted) => inside.filter((f) => f.field === wanted).map((f) => String(f.value));
  return { bytes, type: of(operator.type)[0], inputs: of(operator.input), outputs: of(operator.output) };
});
const readers = new Map();
for (const node of nodes) node.inputs.forEach((input, place) => readers.set(input, [...(readers.get(input) ?? []), { node, place }]));

/// Factors and variances are about 1, summands small, matrices and kernels such that values keep their size: behind ReLU,
/// or, where blocks are added up, in their sum.
const gain = nodes.some(({ type }) => type === "Sum") ? 2 : 6;
function weights(name, dims) {
  const isFactor = (value) => (readers.get(value) ?? []).some(({ node, place }) =>
    node.type === "Mul" || (node.type === "BatchNormalization" && (place === 1 || place === 4)) ||
    (node.type === "Unsqueeze" && isFactor(node.outputs[0])));
  const numbers = new Float32Array(dims.reduce((a, b) => a * b, 1));
  const [middle, reach] = isFactor(name) ? [1, 0.5]
    : dims.length > 1 ? [0, Math.sqrt(gain / dims.slice(1).reduce((a, b) => a * b, 1))] : [0, 0.1];
  for (let i = 0; i < numbers.length; ++i) numbers[i] = middle + reach * random();
  return numbers;
}

const made = nodes.filter(({ type }) => type === "ConstantOfShape").map(({ inputs, outputs }) => {
  const dims = shapes.get(inputs[0]);
  const size = 4 * dims.reduce((a, b) => a * b, 1);
  const before = Buffer.concat([...dims.map((d) => integer(tensor.dims, d)), integer(tensor.type, float32),
                                text(tensor.name, outputs[0]), head(tensor.raw, size)]);
  return { name: outputs[0], dims, before: Buffer.concat([head(graph.initializer, before.length + size), before]), size };
});
const kept = parts.filter(({ field }) => field !== graph.node).map(({ bytes }) => bytes)
  .concat(nodes.filter(({ type }) => type !== "ConstantOfShape").map(({ bytes }) => bytes));
const length = kept.reduce((sum, bytes) => sum + bytes.length, 0) +
  made.reduce((sum, { before, size }) => sum + before.length + size, 0);

const file = `${folder}/random.onnx`, out = openSync(file, "w");
// since version 4 constants are no inputs
writeSync(out, Buffer.concat([integer(model.version, 8), ...whole.filter(({ field }) =>
  field !== model.version && field !== model.graph).map(({ bytes }) => bytes), head(model.graph, length)]));
for (const bytes of kept) writeSync(out, bytes);
for (const { name, dims, before } of made) {
  const numbers = Buffer.from(weights(name, dims).buffer);
  writeSync(out, before);
  for (let at = 0; at < numbers.length;) at += writeSync(out, numbers, at);
}
closeSync(out);

const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
const input = Float32Array.from({ length: 3 * 224 * 224 }, random);
const given = await session.run({ [session.inputNames[0]]: new ort.Tensor("float32", input, [1, 3, 224, 224]) });
const { data } = given[session.outputNames[0]];
const largest = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0), sure = data.filter((v) => v > 0.9 * largest).length;
if (!(largest < 1e6) || (largest > 0.99 && largest <= 1) || sure > 100)
  throw new Error(`these outputs say little: ${sure} are about ${largest}`);
writeFileSync(`${folder}/input.bin`, Buffer.from(input.buffer));
writeFileSync(`${folder}/output.bin`, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
