// Points in the plane, and a network that learns to tell them apart.
'use strict';

const training = (() => {
  const count = 300, tested = 300, grid = 64;
  let points, test, classes, testClasses, steps = 0, running = false, history = [], seed = 1, dataSeed = 1;
  const value = id => Number(find(id).value);

  function makePoints(which) {
    library.make_points(value('data'), count, value('noise'), which);
    return [numbers(0, 2 * count).slice(), numbers(2 * count, count).slice()];
  }
  function renewData() {
    find('noise-value').textContent = value('noise').toFixed(2);
    [points, classes] = makePoints(dataSeed);
    [test, testClasses] = makePoints(dataSeed + 1000);
    renewNetwork();
  }
  function renewNetwork() {
    library.choose(value('shape'), value('activation'), seed);
    steps = 0;
    history = [];
    find('type').textContent = new TextDecoder().decode(bytes(library.type_text(), library.type_length()).slice());
    find('size').textContent = `${library.parameter_total()} parameters`;
    find('loss').textContent = '–';
    show();
  }

  function train(number) {
    numbers(0, 2 * count).set(points);
    numbers(2 * count, count).set(classes);
    const loss = library.train(number, count, value('batch'), value('rate'), value('l2'));
    steps += number;
    const judged = judge();
    history.push([loss, judged.loss]);
    // A curve has at most 320 places: beyond, of two neighbours one is kept.
    if (history.length > 640) history = history.filter((_, i) => i % 2 === 0);
    find('loss').textContent = loss.toFixed(4);
    return loss;
  }
  function judge() {
    numbers(0, 2 * tested).set(test);
    library.predict(tested);
    const predicted = numbers(2 * tested, tested);
    let loss = 0, right = 0;
    for (let i = 0; i < tested; ++i) {
      const p = clamp(testClasses[i] ? predicted[i] : 1 - predicted[i], 1e-7, 1);
      loss -= Math.log(p) / tested;
      right += p > 0.5 ? 1 / tested : 0;
    }
    find('test-loss').textContent = loss.toFixed(4);
    find('accuracy').textContent = (100 * right).toFixed(1) + ' %';
    return {loss, accuracy: right};
  }

  function showRegions() {
    const places = numbers(0, 2 * grid * grid);
    for (let i = 0; i < grid * grid; ++i) {
      places[2 * i] = ((i % grid) + 0.5) / grid * 2.4 - 1.2;
      places[2 * i + 1] = 1.2 - (Math.floor(i / grid) + 0.5) / grid * 2.4;
    }
    library.predict(grid * grid);
    const predicted = numbers(2 * grid * grid, grid * grid), one = channels('one'),
      two = channels('two'), none = channels('card');
    const canvas = find('regions'), draw = canvas.getContext('2d');
    paintGrid(canvas, grid, grid,
      i => mix(none, predicted[i] > 0.5 ? one : two, 0.75 * Math.abs(2 * predicted[i] - 1)), true);
    for (let i = 0; i < count; ++i) {
      draw.beginPath();
      draw.arc((points[2 * i] + 1.2) / 2.4 * canvas.width, (1.2 - points[2 * i + 1]) / 2.4 * canvas.height, 3.2, 0, 7);
      draw.fillStyle = colour(classes[i] ? 'one' : 'two');
      draw.fill();
      draw.strokeStyle = colour('card');
      draw.stroke();
    }
  }
  function showCurve() {
    const canvas = find('curve'), draw = canvas.getContext('2d');
    draw.clearRect(0, 0, canvas.width, canvas.height);
    const top = Math.max(0.1, ...history.map(h => Math.min(Math.max(...h), 1.5)));
    for (const [k, name] of [[1, 'two'], [0, 'one']]) {
      draw.beginPath();
      history.forEach((h, i) => draw.lineTo(4 + i / Math.max(1, history.length - 1) * (canvas.width - 8),
                                            canvas.height - 6 - Math.min(h[k] / top, 1) * (canvas.height - 14)));
      draw.strokeStyle = colour(name);
      draw.lineWidth = 1.6;
      draw.stroke();
    }
  }
  function showWeights() {
    const canvas = find('weights'), draw = canvas.getContext('2d'), number = library.matrix_count();
    draw.clearRect(0, 0, canvas.width, canvas.height);
    const all = [];
    for (let k = 0; k < number; ++k) {
      const address = library.matrix(k), [rows, columns] = numbers(0, 2);
      all.push({rows, columns, weights: new Float32Array(library.memory.buffer, address, rows * columns).slice()});
    }
    const wide = all.reduce((sum, m) => sum + m.columns, 0), high = Math.max(...all.map(m => m.rows));
    const side = Math.floor(Math.min((canvas.width - 16 - 10 * number) / wide, (canvas.height - 12) / high, 14));
    const one = channels('one'), two = channels('two'), none = channels('card');
    let left = 8;
    for (const m of all) {
      m.weights.forEach((w, i) => {
        draw.fillStyle = `rgb(${mix(none, w > 0 ? one : two, Math.min(1, Math.abs(w) / 1.5)).map(Math.round)})`;
        draw.fillRect(left + (i % m.columns) * side, 6 + Math.floor(i / m.columns) * side, side - 1, side - 1);
      });
      left += m.columns * side + 10;
    }
  }
  function show() {
    judge();
    find('steps').textContent = steps;
    showRegions();
    showCurve();
    showWeights();
  }

  function frame() {
    if (!running) return;
    train(10);
    show();
    requestAnimationFrame(frame);
  }
  function run(on) {
    running = on;
    find('run').textContent = on ? 'Pause' : 'Train';
    if (on) requestAnimationFrame(frame);
  }

  find('run').addEventListener('click', () => run(!running));
  find('step').addEventListener('click', () => { train(1); show(); });
  find('restart').addEventListener('click', () => { ++seed; renewNetwork(); });
  for (const id of ['shape', 'activation']) find(id).addEventListener('change', renewNetwork);
  find('data').addEventListener('change', renewData);
  find('noise').addEventListener('input', renewData);
  repaint.push(show);
  renewData();
  return {train, show, judge, steps: () => steps, running: () => running,
          fill: () => { numbers(0, 2 * count).set(points); numbers(2 * count, count).set(classes); }};
})();
