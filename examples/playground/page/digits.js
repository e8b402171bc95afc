// Strokes become 8 x 8 numbers, and two networks say which digit they are.
'use strict';

const recognising = (() => {
  const pad = find('pad');
  let strokes = [], drawing = false, pen = [0.5, 0.3], down = false;

  // The digits the networks learned from were 32 x 32 pixels, black or white, that the digit filled; each number is the share of
  // black pixels in a square of 4 x 4. So strokes are moved and stretched to fill the field, then drawn by a pen of five pixels.
  function downsample() {
    const all = strokes.flat(), pixels = new Float32Array(64);
    if (all.length === 0) return pixels;
    const span = k => [Math.min(...all.map(p => p[k])), Math.max(...all.map(p => p[k]))];
    const [left, right] = span(0), [top, bottom] = span(1), radius = 2.4, side = 32 - 2 * radius;
    const scale = side / Math.max(bottom - top, (right - left) * 1.1, 0.15);
    const place = ([x, y]) => [16 + (x - (left + right) / 2) * scale, 16 + (y - (top + bottom) / 2) * scale];
    const near = (x, y, [ax, ay], [bx, by]) => {
      const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
      const t = length === 0 ? 0 : clamp(((x - ax) * dx + (y - ay) * dy) / length, 0, 1);
      return (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2 <= radius * radius;
    };
    const lines = strokes.flatMap(s => s.map((p, i) => [place(s[Math.max(0, i - 1)]), place(p)]));
    for (let y = 0; y < 32; ++y)
      for (let x = 0; x < 32; ++x)
        if (lines.some(([a, b]) => near(x + 0.5, y + 0.5, a, b))) pixels[(y >> 2) * 8 + (x >> 2)] += 1 / 16;
    return pixels;
  }

  // The time of one recognition, of many.
  function time(run) {
    run(200);
    const began = performance.now();
    run(4000);
    return (performance.now() - began) / 4;  // in microseconds
  }
  function showAnswer(name, run, facts) {
    run(1);
    const probabilities = numbers(64, 10).slice(), best = probabilities.indexOf(Math.max(...probabilities));
    const empty = strokes.length === 0;
    find(name + '-answer').textContent = empty ? '–' : best;
    find(name + '-bars').replaceChildren(...[...probabilities].flatMap((p, digit) => {
      const cells = ['span', 'div', 'span'].map(tag => document.createElement(tag));
      const part = empty ? 0 : p;
      cells[0].textContent = digit;
      cells[1].className = 'bar';
      cells[1].append(document.createElement('i'));
      cells[1].firstChild.style.width = 100 * part + '%';
      cells[2].textContent = empty ? '' : (100 * part).toFixed(0) + ' %';
      return cells;
    }));
    find(name + '-facts').textContent = facts;
    return best;
  }
  let facts;
  function measure() {
    library.sizes();
    const sizes = numbers(0, 6).slice(), in_kb = n => n.toLocaleString('en') + ' bytes';
    numbers(0, 64).set(downsample());
    const took = [time(n => library.recognise_float(n)), time(n => library.recognise_int8(n))];
    facts = took.map((t, k) => `${in_kb(sizes[3 * k])} of weights\n${in_kb(sizes[3 * k + 1])} of RAM\n${t.toFixed(2)} µs a digit here`);
  }
  function recognise() {
    const pixels = downsample();
    const none = channels('page'), ink = channels('text');
    paintGrid(find('seen'), 8, 8, i => mix(none, ink, pixels[i]));
    numbers(0, 64).set(pixels);
    const answers = [showAnswer('float', n => library.recognise_float(n), facts[0]),
                     showAnswer('int8', n => library.recognise_int8(n), facts[1])];
    paint();
    return answers;
  }
  function paint() {
    const draw = pad.getContext('2d'), side = pad.width;
    draw.clearRect(0, 0, side, side);
    draw.lineWidth = side * 0.075;
    draw.lineCap = draw.lineJoin = 'round';
    draw.strokeStyle = colour('text');
    for (const stroke of strokes) {
      draw.beginPath();
      draw.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      for (const [x, y] of stroke) draw.lineTo(x * side, y * side);
      draw.stroke();
    }
    if (document.activeElement === pad) {  // where the keys have the pen
      draw.beginPath();
      draw.arc(pen[0] * side, pen[1] * side, 6, 0, 7);
      draw.strokeStyle = draw.fillStyle = colour('one');
      draw.lineWidth = 2;
      draw.stroke();
      if (down) draw.fill();
    }
  }
  function clear() {
    strokes = [];
    down = false;
    recognise();
  }
  // For those who cannot draw, and for the test: digits as strokes.
  const examples = [
    [[[0.5, 0.1], [0.33, 0.2], [0.27, 0.5], [0.33, 0.8], [0.5, 0.9], [0.67, 0.8], [0.73, 0.5], [0.67, 0.2], [0.5, 0.1]]],
    [[[0.36, 0.28], [0.52, 0.1], [0.52, 0.9]]],
    [[[0.28, 0.27], [0.38, 0.13], [0.6, 0.13], [0.68, 0.3], [0.6, 0.5], [0.28, 0.88], [0.74, 0.88]]],
    [[[0.3, 0.15], [0.55, 0.1], [0.67, 0.25], [0.6, 0.42], [0.45, 0.48], [0.63, 0.55], [0.7, 0.72], [0.55, 0.9], [0.3, 0.85]]],
    [[[0.48, 0.1], [0.27, 0.55], [0.75, 0.55]], [[0.6, 0.35], [0.55, 0.92]]],
    [[[0.7, 0.1], [0.35, 0.1], [0.32, 0.45], [0.55, 0.42], [0.7, 0.6], [0.62, 0.82], [0.32, 0.9]]],
    [[[0.58, 0.1], [0.38, 0.35], [0.3, 0.65], [0.4, 0.88], [0.6, 0.88], [0.68, 0.7], [0.55, 0.55], [0.36, 0.62]]],
    [[[0.28, 0.12], [0.7, 0.12], [0.56, 0.5], [0.48, 0.9]], [[0.38, 0.5], [0.7, 0.5]]],
    [[[0.5, 0.48], [0.34, 0.3], [0.42, 0.12], [0.6, 0.12], [0.66, 0.3], [0.5, 0.48], [0.32, 0.7], [0.42, 0.9], [0.6, 0.9], [0.68, 0.7],
      [0.5, 0.48]]],
    [[[0.66, 0.3], [0.5, 0.12], [0.34, 0.25], [0.38, 0.45], [0.58, 0.48], [0.66, 0.3], [0.66, 0.62], [0.58, 0.85], [0.36, 0.9]]],
  ];
  let next = 2;
  function example(digit) {
    strokes = examples[digit].map(stroke => stroke.map(p => [...p]));
    return recognise();
  }

  pad.addEventListener('pointerdown', event => {
    capture(pad, event);
    drawing = true;
    strokes.push([placeOn(pad, event)]);
    recognise();
  });
  pad.addEventListener('pointermove', event => {
    if (!drawing) return;
    strokes.at(-1).push(placeOn(pad, event));
    recognise();
  });
  for (const name of ['pointerup', 'pointercancel']) pad.addEventListener(name, () => { drawing = false; });
  pad.addEventListener('keydown', event => {
    if (event.key in arrows) {
      pen = pen.map((v, k) => clamp(v + 0.04 * arrows[event.key][k], 0.04, 0.96));
      if (down) strokes.at(-1).push(pen);
    } else if (event.key === ' ') {
      down = !down;
      if (down) strokes.push([pen]);
    } else if (event.key === 'Escape') {
      clear();
    } else {
      return;
    }
    event.preventDefault();
    recognise();
  });
  for (const name of ['focus', 'blur']) pad.addEventListener(name, paint);
  find('clear').addEventListener('click', clear);
  find('sample').addEventListener('click', () => { example(next); next = (next + 1) % 10; });
  repaint.push(recognise);
  measure();
  example(2);
  next = 3;
  return {example, clear, recognise, examples};
})();
