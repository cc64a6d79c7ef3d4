// Arguments and the locals that they are.
new Function('a', 'b', 'c', `
    arguments[0] = { toString() { arguments[0] = 1; a = 2; return 'x' } };
    b = a + a;
    delete arguments[1];
    b = [arguments, () => a];
    arguments.length = 1e9;
    a += arguments[0] = 's';
    return [...arguments.callee.call(1), arguments];
`);
(0, eval)('(function (a) { arguments[0] = "b"; a += { valueOf() { a = []; return 1 } }; return a })("x")');
