// ONNX Runtime runs the files that the tests of export_onnx write, and gives what the models give: in float within 1e-5
// of the largest number, in int8 (QDQ) within one step of the output's scale.
//
//     node tests/interop/onnxruntime.mjs FOLDER PROGRAM...
//
// The test programs write their files to FOLDER, which is made anew; without programs the files that it has are run.
// Skipped (77) where the package onnxruntime-node is not there: scripts/setup --interop puts it into build/interop.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { runtime } from "./runtime.mjs";

const ort = runtime();
const [folder, ...programs] = process.argv.slice(2);
if (programs.length > 0) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, TENON_ONNX_FOLDER: folder };
  for (const program of programs) execFileSync(program, { env, stdio: ["ignore", "ignore", "inherit"] });
}
const tensor = ({ dims, values }) => new ort.Tensor("float32", Float32Array.from(values), dims);
const files = readdirSync(folder).filter((name) => name.endsWith(".onnx")).sort();
let wrong = 0, worst = 0, worstStep = 0, bytes = 0, otherBytes = 0;
for (const name of files) {
  const facts = JSON.parse(readFileSync(`${folder}/${name.slice(0, -5)}.json`));
  try {
    const session = await ort.InferenceSession.create(`${folder}/${name}`, { logSeverityLevel: 3 });
    const inputs = Object.fromEntries(Object.entries(facts.inputs).map(([key, value]) => [key, tensor(value)]));
    const given = await session.run(inputs);
    let apart = 0, first = 0;  // first: number of a row of all outputs
    session.outputNames.forEach((output, k) => {
      const expected = facts.outputs[k];
      const found = given[output];
      if (found.dims.join() !== expected.dims.join())
        throw new Error(`${output} has axes ${found.dims}, not ${expected.dims}`);
      const largest = Math.max(1e-3, ...expected.values.map(Math.abs));
      const size = expected.values.length / expected.dims[0];
      expected.values.forEach((value, i) => {
        const one = facts.steps ? facts.steps[first + i % size] : largest;
        const distance = Math.abs(value - found.data[i]) / one;
        if (!(distance <= apart)) apart = distance;
        if (facts.steps) ++bytes, otherBytes += distance > 0.5 ? 1 : 0;
      });
      first += size;
    });
    const right = apart <= (facts.steps ? 1.01 : 1e-5);
    if (facts.steps) worstStep = Math.max(worstStep, apart);
    else worst = Math.max(worst, apart);
    if (!right) ++wrong;
    const difference = facts.steps ? `${apart.toFixed(2)} steps` : apart.toExponential(1);
    console.log(`${right ? "ok   " : "WRONG"} ${name} ${difference}`);
  } catch (error) {
    ++wrong;
    console.log(`WRONG ${name} ${error.message}`);
  }
}
console.log(`${files.length - wrong} of ${files.length} files`);
console.log(`in float ${worst.toExponential(1)} of the largest number`);
if (bytes > 0) console.log(`in int8 ${worstStep.toFixed(2)} steps, ${otherBytes} of ${bytes} numbers differ`);
process.exit(wrong > 0 || files.length === 0 ? 1 : 0);
