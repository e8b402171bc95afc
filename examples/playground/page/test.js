// index.html?test: the page uses itself as a visitor would, and writes down what it finds.
'use strict';

if (location.search.startsWith('?test')) {
  const report = [];
  const check = (what, good, seen) => report.push(`${good ? 'ok' : 'FAILED'}  ${what}: ${seen}`);
  const click = id => find(id).click();
  const choose = (id, text) => {
    const list = find(id);
    list.value = [...list.options].find(o => o.text === text).value;
    list.dispatchEvent(new Event('change'));
  };
  const key = (id, name) => find(id).dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true, cancelable: true}));
  const point = (id, name, x, y) => {
    const box = find(id).getBoundingClientRect();
    find(id).dispatchEvent(new PointerEvent(name, {clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true}));
  };
  try {
    // Every network has the gradient that central differences say, and learns.
    let worst = 0, types = new Set(), least = 1;
    choose('data', 'gauss');
    for (const shape of find('shape').options)
      for (const activation of find('activation').options) {
        choose('shape', shape.text);
        choose('activation', activation.text);
        types.add(find('type').textContent);
        if (!shape.text.includes('dropout') && activation.text !== 'ReLU') {  // ReLU has a corner
          training.fill();
          worst = Math.max(worst, library.gradient_error(64));
        }
        training.train(150);
        least = Math.min(least, training.judge().accuracy);
      }
    check('types of networks', types.size === 15, types.size);
    check('gradient against differences', worst < 2e-3, worst.toExponential(1));
    check('least accuracy on two clouds', least > 0.95, least.toFixed(3));

    for (const [data, aim] of [['circle', 0.95], ['xor', 0.95], ['spiral', 0.9]]) {
      choose('data', data);
      choose('shape', '16, 16, 8');
      choose('activation', 'Tanh');
      const before = training.judge().accuracy;
      for (let i = 0; i < 40; ++i) training.train(50);
      const after = training.judge().accuracy;
      check(data, after > aim && before < aim, `${before.toFixed(3)} to ${after.toFixed(3)}`);
    }
    training.show();
    const steps = training.steps();
    click('step');
    check('one step', training.steps() === steps + 1, training.steps());
    click('run');
    check('train', training.running() && find('run').textContent === 'Pause', find('run').textContent);
    click('run');
    check('pause', !training.running(), find('run').textContent);

    // Digits drawn by strokes, then by a pointer and by keys.
    let right = [0, 0], answered = '';
    recognising.examples.forEach((_, digit) => {
      const answers = recognising.example(digit);
      answers.forEach((a, k) => { right[k] += a === digit ? 1 : 0; });
      answered += answers.join('/') + ' ';
    });
    check('digits in float and int8', right[0] >= 9 && right[1] >= 9, answered.trim());
    click('clear');
    check('clear', find('float-answer').textContent === '–', find('float-answer').textContent);
    point('pad', 'pointerdown', 0.5, 0.1);
    for (let i = 1; i <= 16; ++i) point('pad', 'pointermove', 0.5, 0.1 + 0.05 * i);
    point('pad', 'pointerup', 0.5, 0.9);
    check('a stroke of the pointer', find('float-answer').textContent === '1', find('float-answer').textContent);
    key('pad', 'Escape');
    key('pad', ' ');
    for (let i = 0; i < 15; ++i) key('pad', 'ArrowDown');
    key('pad', ' ');
    check('a stroke of the keys', find('int8-answer').textContent === '1', find('int8-answer').textContent);

    // Codes far apart are drawn differently, and keys move the point.
    const one = exploring.move([-1.5, 0]), other = exploring.move([1.5, 0]);
    const difference = one.reduce((sum, v, i) => sum + Math.abs(v - other[i]), 0);
    check('codes apart', difference > 5, difference.toFixed(1));
    const before = exploring.code()[0];
    key('plane', 'ArrowLeft');
    check('a key moves the code', Math.abs(exploring.code()[0] - before + 0.1) < 1e-6, find('place').textContent);
    point('plane', 'pointerdown', 0.25, 0.5);
    check('a pointer moves the code', Math.abs(exploring.code()[0] + 1.25) < 0.05, find('place').textContent);
    point('plane', 'pointerup', 0.25, 0.5);
    check('narrow enough', document.documentElement.scrollWidth <= innerWidth, `${document.documentElement.scrollWidth} of ${innerWidth}`);
    recognising.example(5);
  } catch (error) {
    report.push(`FAILED  ${error.stack ?? error}`);
  }
  const failed = report.filter(line => line.startsWith('FAILED')).length;
  find('test').textContent = [`test: ${failed ? failed + ' failed' : 'all passed'}`, ...report, ''].join('\n');
}
