// What ONNX Runtime gives for networks in int8, counted in steps of the output's scale: qdq_onnxruntime.txt, a line for
// each network. The tests compare with it, so they need no Node.
//
//     TENON_ONNX_FOLDER=files build/dev/tests/unit_model_export_onnx_int8 "ONNX Runtime*"
//     node tests/golden/make_qdq.mjs files
//
// The committed file comes from onnxruntime-node 1.30.0 (scripts/setup --interop) on x86-64.
import { createRequire } from "node:module";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const require = createRequire(new URL("../../build/interop/", import.meta.url));
const ort = require("onnxruntime-node");
const folder = process.argv[2];
let text = "";
for (const file of readdirSync(folder).filter((name) => /^qdq_golden_.*\.onnx$/.test(name)).sort()) {
  const name = file.slice(0, -5);
  const facts = JSON.parse(readFileSync(`${folder}/${name}.json`));
  const session = await ort.InferenceSession.create(`${folder}/${file}`, { logSeverityLevel: 3 });
  const { dims, values } = facts.inputs.input;
  const given = await session.run({ input: new ort.Tensor("float32", Float32Array.from(values), dims) });
  const steps = Array.from(given.output.data, (value) => Math.round(value / facts.steps[0]));
  text += `${name} ${steps.join(" ")}\n`;
}
writeFileSync(new URL("qdq_onnxruntime.txt", import.meta.url), text);
