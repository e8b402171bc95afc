// ONNX Runtime runs the files that the tests of export_onnx write, and gives what the models give.
//
//     TENON_ONNX_FOLDER=files build/dev/tests/unit_model_export_onnx
//     NODE_PATH=.../node_modules node tests/interop/onnxruntime.mjs files
//
// Skipped (77) where the package onnxruntime-node is not there: npm install --ignore-scripts onnxruntime-node
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";

let ort;
try {
  ort = createRequire(import.meta.url)("onnxruntime-node");
} catch {
  console.log("skipped: no onnxruntime-node");
  process.exit(77);
}

const folder = process.argv[2];
const tensor = ({ dims, values }) => new ort.Tensor("float32", Float32Array.from(values), dims);
const files = readdirSync(folder).filter((name) => name.endsWith(".onnx")).sort();
let wrong = 0, worst = 0;
for (const name of files) {
  const facts = JSON.parse(readFileSync(`${folder}/${name.slice(0, -5)}.json`));
  try {
    const session = await ort.InferenceSession.create(`${folder}/${name}`, { logSeverityLevel: 3 });
    const inputs = Object.fromEntries(Object.entries(facts.inputs).map(([key, value]) => [key, tensor(value)]));
    const given = await session.run(inputs);
    let relative = 0;
    session.outputNames.forEach((output, k) => {
      const expected = facts.outputs[k];
      const found = given[output];
      if (found.dims.join() !== expected.dims.join()) throw new Error(`${output} has axes ${found.dims}, not ${expected.dims}`);
      const largest = Math.max(1e-3, ...expected.values.map(Math.abs));
      expected.values.forEach((value, i) => { relative = Math.max(relative, Math.abs(value - found.data[i]) / largest); });
    });
    worst = Math.max(worst, relative);
    const right = relative <= 1e-5;
    if (!right) ++wrong;
    console.log(`${right ? "ok   " : "WRONG"} ${name} ${relative.toExponential(1)}`);
  } catch (error) {
    ++wrong;
    console.log(`WRONG ${name} ${error.message}`);
  }
}
console.log(`${files.length - wrong} of ${files.length} files, largest difference ${worst.toExponential(1)} of the largest number`);
process.exit(wrong > 0 ? 1 : 0);
