/* isere_compile: from source to a bundle of bytecode. The compiler runs in a
 * heap of its own, under a deadline, and may be abandoned or crash anywhere;
 * all that it leaves behind goes with the heap. */
#include "core/code/compile.h"
#include "core/code/bundle.h"
#include "core/code/engine.h"
#include "core/code/js.h"
#include "core/code/module_name.h"
#include "core/heap/fault.h"
#include "core/isere_config.h"
#include "core/util/names/units.h"
#include "core/util/text.h"
#include <stdio.h>

/* One module while it is compiled. Lives in the compiler's heap. */
typedef struct module {
    struct module *next;
    char *name; /* the root included */
    isere_slice_t source;
    JSValue code;
} module_t;

typedef struct compiler {
    isere_heap_t heap;
    const isere_loader_t *loader;
    bool in_place;
    size_t memory;
    const char *main_name;
    const char *root;
    module_t *first;
    module_t **last;
    unsigned count;
    /* The place of an import that can't be resolved: the engine does not
     * know it. */
    const module_t *import_module;
    int import_line;
    int import_column;
    JSBytecodeWriter *writer;
    JSValue modules; /* an array */
    isere_bundle_parts_t parts;
    isere_bundle_put_fn *put; /* takes the bundle */
    void *put_arg;
    isere_fault_t *fault;
    int error;
} compiler_t;

/* ---- places of imports ---- */

static module_t *find_module(compiler_t *c, const char *name)
{
    for (module_t *m = c->first; m; m = m->next) {
        if (strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

/*
 * Where the quoted specifier stands in the source of the importing module. A
 * search of the text: the engine reports a module that it can't load without a
 * place. A comment that quotes the same specifier earlier misleads it, which
 * only costs an exact line.
 */
static void note_import(compiler_t *c, const char *base, const char *specifier)
{
    const module_t *m = find_module(c, base);
    if (!m) {
        return;
    }
    size_t len = strlen(specifier);
    isere_slice_t rest = m->source;
    const char *at = isere_text_find(rest, specifier);
    while (at && (at == m->source.ptr || (at[-1] != '\'' && at[-1] != '"') ||
                  at[len] != at[-1])) {
        rest = isere_slice_of(at + 1,
                              m->source.len - (size_t)(at + 1 - m->source.ptr));
        at = isere_text_find(rest, specifier);
    }
    c->import_module = m;
    c->import_line = at ? 1 : 0;
    c->import_column = 0;
    const char *line = m->source.ptr;
    for (const char *p = m->source.ptr; at && p < at; p++) {
        if (*p == '\n') {
            c->import_line++;
            line = p + 1;
        }
    }
    if (at) {
        c->import_column = (int)(at - line);
    }
}

/* ---- loading ---- */

/* Node's CommonJS adds the extension, so it is often left out. */
static bool has_extension(const char *name)
{
    const char *base = strrchr(name, '/');
    return strchr(base ? base : name, '.');
}

static const char *load_problem(int error, const char *name)
{
    switch (error) {
    case ISERE_ERR_NOENT:
        return has_extension(name)
                   ? "no such file"
                   : "no such file; an import needs the extension, as in "
                     "'./file.js'";
    case ISERE_ERR_LIMIT:
        return "the file is too large";
    default:
        return "the file can't be read";
    }
}

/* Appended before it is compiled: the order is that in which imports are met,
 * the main module first, as a bundle wants it. */
static module_t *module_new(compiler_t *c, const char *name)
{
    JSContext *ctx = c->heap.ctx;
    module_t *m = js_mallocz(ctx, sizeof(*m));
    if (!m) {
        return NULL;
    }
    m->name = js_strdup(ctx, name);
    if (!m->name) {
        return NULL;
    }
    m->code = JS_UNDEFINED;
    *c->last = m;
    c->last = &m->next;
    c->count++;
    return m;
}

/* The engine wants a NUL behind the source. */
static const char *with_nul(const compiler_t *c, isere_slice_t source)
{
    if (c->in_place) {
        return source.ptr;
    }
    char *text = js_malloc(c->heap.ctx, source.len + 1);
    if (text) {
        memcpy(text, source.ptr, source.len);
        text[source.len] = 0;
    }
    return text;
}

/* Compiles one module and, through the engine's loader call, its imports. */
static module_t *compile_module(compiler_t *c, const char *name,
                                isere_slice_t source)
{
    JSContext *ctx = c->heap.ctx;
    module_t *m = module_new(c, name);
    const char *text = m ? with_nul(c, source) : NULL;
    if (!text) {
        return NULL;
    }
    m->source = isere_slice_of(text, source.len);
    m->code = JS_Eval(ctx, text, source.len, name,
                      JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    return JS_IsException(m->code) ? NULL : m;
}

/* A native module's body, which is not run here. */
static int never(JSContext *ctx, JSModuleDef *module)
{
    (void)ctx;
    (void)module;
    return -1;
}

/* Stands for a native module, which whoever runs the code supplies. */
static JSModuleDef *external(compiler_t *c, const char *name)
{
    c->heap.fragile = true;
    JSModuleDef *module = JS_NewCModule(c->heap.ctx, name, never);
    c->heap.fragile = false;
    return module;
}

/* The engine calls this while it compiles the importing module, so imports nest
 * as deep as the C stack allows; the engine throws "stack overflow" then. */
static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    compiler_t *c = opaque;
    isere_slice_t source;
    if (isere_module_name_native(name) == 1) {
        return external(c, name);
    }
    int error =
        c->loader->load(c->loader->ctx, name + strlen(c->root), &source);
    if (error) {
        JS_ThrowSyntaxError(ctx, "cannot import '%s': %s", name,
                            load_problem(error, name));
        return NULL;
    }
    c->import_module = NULL;
    module_t *m = compile_module(c, name, source);
    return m ? JS_VALUE_GET_PTR(m->code) : NULL;
}

/* Called for each import before load(), with the specifier as it is written. */
static char *normalize(JSContext *ctx, const char *base, const char *specifier,
                       void *opaque)
{
    compiler_t *c = opaque;
    char name[ISERE_MODULE_NAME_MAX];
    note_import(c, base, specifier);
    if (isere_module_name_native(specifier) == 1) {
        return js_strdup(ctx, specifier);
    }
    if (isere_module_name_native(specifier) < 0) {
        JS_ThrowSyntaxError(ctx,
                            "cannot import '%s': the name of a native module "
                            "is 'isere:' and 1 to 32 of a-z, 0-9, '-' and '_'",
                            specifier);
        return NULL;
    }
    switch (isere_module_name_resolve(c->root, base, specifier, name,
                                      sizeof(name))) {
    case 0:
        return js_strdup(ctx, name);
    case ISERE_ERR_NOENT:
        JS_ThrowSyntaxError(ctx,
                            "cannot import '%s': it lies outside the "
                            "function's folder",
                            specifier);
        return NULL;
    case ISERE_ERR_LIMIT:
        JS_ThrowSyntaxError(ctx, "cannot import '%s': the name is too long",
                            specifier);
        return NULL;
    default:
        JS_ThrowSyntaxError(ctx,
                            "cannot import '%s': only files next to the "
                            "handler can be imported, as './file.js'",
                            specifier);
        return NULL;
    }
}

/* ---- dynamic imports ---- */

/*
 * import('./file.js') with a literal brings the file into the bundle if it is
 * there and compiles. This looks at text, not at syntax: a hit in a comment
 * merely adds an unused module, and a file that does not compile is reported
 * when the import is reached.
 */
static isere_slice_t next_dynamic_import(isere_slice_t *rest)
{
    const char *at;
    while ((at = isere_text_find(*rest, "import"))) {
        const char *end = rest->ptr + rest->len;
        const char *p = at + 6;
        while (p < end && (*p == ' ' || *p == '(')) {
            p++;
        }
        *rest = isere_slice_of(p, (size_t)(end - p));
        if (p == end || p[-1] != '(' || (*p != '\'' && *p != '"')) {
            continue;
        }
        const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
        if (close) {
            return isere_slice_of(p + 1, (size_t)(close - p - 1));
        }
    }
    return isere_slice(NULL);
}

/* Whatever fails here is dropped: the import may never be reached. */
static void add_dynamic_import(compiler_t *c, const module_t *base,
                               isere_slice_t specifier)
{
    char text[ISERE_MODULE_NAME_MAX];
    char name[ISERE_MODULE_NAME_MAX];
    isere_slice_t source;
    if (specifier.len >= sizeof(text)) {
        return;
    }
    isere_text_copy(text, sizeof(text), specifier);
    if (isere_module_name_resolve(c->root, base->name, text, name,
                                  sizeof(name)) ||
        find_module(c, name) ||
        c->loader->load(c->loader->ctx, name + strlen(c->root), &source)) {
        return;
    }
    if (!compile_module(c, name, source)) {
        JS_FreeValue(c->heap.ctx, JS_GetException(c->heap.ctx));
    }
}

/* The list grows while it is walked: imports of imports are found too. */
static void add_dynamic_imports(compiler_t *c)
{
    for (module_t *m = c->first; m; m = m->next) {
        isere_slice_t rest = m->source;
        isere_slice_t specifier;
        while ((specifier = next_dynamic_import(&rest)).ptr) {
            add_dynamic_import(c, m, specifier);
        }
    }
}

/* ---- checking ---- */

/* Names that are imported but not exported: only here is it known where. */
static int check_imports(compiler_t *c)
{
    c->import_module = NULL;
    for (const module_t *m = c->first; m; m = m->next) {
        if (JS_VALUE_GET_TAG(m->code) == JS_TAG_MODULE &&
            JS_CheckImports(c->heap.ctx, JS_VALUE_GET_PTR(m->code),
                            m->source.ptr)) {
            return ISERE_ERR_HANDLER;
        }
    }
    return 0;
}

/* ---- writing ---- */

/* What a JSPutFunc of the engine gives its bytes to. */
typedef struct passing {
    isere_bundle_put_fn *put;
    void *arg;
    int error;
} passing_t;

static int pass(void *opaque, const uint8_t *bytes, size_t size)
{
    passing_t *p = opaque;
    p->error = p->put(p->arg, bytes, size);
    return p->error;
}

/* The table of atoms comes first: it is complete when the modules were written
 * once. */
static int write_code(void *arg, isere_bundle_put_fn *put, void *put_arg)
{
    compiler_t *c = arg;
    passing_t passing = {put, put_arg, 0};
    if (JS_WriteBytecodeAtoms(c->writer, pass, &passing) == 0) {
        (void)JS_WriteBytecode(c->writer, c->modules, pass, &passing);
    }
    return passing.error;
}

static int count(void *arg, const void *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)arg += size;
    return 0;
}

/* All modules in one array: so they share one table of atoms, and their
 * bytecode can be used in place (see isere_engine_init_with). */
static void list_modules(compiler_t *c)
{
    JSContext *ctx = c->heap.ctx;
    const char **names = js_mallocz(ctx, c->count * sizeof(*names));
    c->modules = JS_NewArray(ctx);
    c->parts.names = names;
    for (const module_t *m = c->first; m; m = m->next) {
        if (!JS_IsException(m->code) && !JS_IsUndefined(m->code)) {
            unsigned index = c->parts.count++;
            names[index] = m->name;
            JS_DefinePropertyValueUint32(ctx, c->modules, index,
                                         JS_DupValue(ctx, m->code),
                                         JS_PROP_C_W_E);
        }
    }
}

/* Numbers the atoms, and works out what must be known of the bundle before it
 * is written. */
static int prepare_bundle(compiler_t *c)
{
    passing_t counting = {count, &c->parts.code_size, 0};
    /* The engine does not check every allocation while it writes. */
    c->heap.fragile = true;
    list_modules(c);
    c->parts.root = c->root;
    c->parts.write_code = write_code;
    c->parts.code_arg = c;
    int failed = JS_WriteBytecode(c->writer, c->modules, pass, &counting);
    failed = failed || JS_WriteBytecodeAtoms(c->writer, pass, &counting);
    int error = failed ? ISERE_ERR_NOMEM : isere_bundle_measure(&c->parts);
    c->heap.fragile = false;
    return error;
}

static void put_bundle(void *arg)
{
    compiler_t *c = arg;
    c->heap.fragile = true;
    c->error = isere_bundle_put(&c->parts, c->put, c->put_arg);
    c->heap.fragile = false;
}

static void run(void *arg)
{
    compiler_t *c = arg;
    isere_slice_t source;
    char name[ISERE_MODULE_NAME_MAX];
    JS_SetModuleLoaderFunc(c->heap.rt, normalize, load, c);
    c->heap.fragile = true;
    c->writer = JS_NewBytecodeWriter(c->heap.ctx);
    c->heap.fragile = false;
    JS_SetBytecodeWriter(c->heap.ctx, c->writer);
    c->error = c->loader->load(c->loader->ctx, c->main_name, &source);
    if (c->error) {
        return;
    }
    snprintf(name, sizeof(name), "%s%s", c->root, c->main_name);
    c->error =
        compile_module(c, name, source) ? check_imports(c) : ISERE_ERR_HANDLER;
    if (!c->error) {
        add_dynamic_imports(c);
        c->error = prepare_bundle(c);
    }
}

/* ---- the result ---- */

/* The main module's file, which no import names. */
static void report_unread(compiler_t *c)
{
    char text[256];
    snprintf(text, sizeof(text), "cannot read '%s%s': %s", c->root,
             c->main_name, load_problem(c->error, "."));
    isere_fault_set(c->fault, text);
}

/* Not the source's fault, or at least no line of it is to blame. */
static void report_exhausted(compiler_t *c)
{
    char size[ISERE_UNITS_TEXT_MAX];
    char text[128];
    snprintf(text, sizeof(text),
             "not enough memory to compile: the limit is %s",
             isere_units_format_size(c->memory, size));
    isere_fault_set(c->fault, text);
    /* The last one that was begun: it, with those before it, is too large. */
    for (const module_t *m = c->first; m; m = m->next) {
        isere_text_copy(c->fault->file, sizeof(c->fault->file),
                        isere_slice(m->name));
    }
    c->error = ISERE_ERR_LIMIT;
}

/* The engine quotes the token that it did not expect: that of the end is
 * empty. */
static void name_the_end(isere_fault_t *fault)
{
    static const char before[] = "SyntaxError: unexpected token";
    size_t len = strlen(fault->message);
    if (len > 4 && strcmp(fault->message + len - 4, ": ''") == 0 &&
        strncmp(fault->message, before, sizeof(before) - 1) == 0) {
        isere_text_copy(fault->message, sizeof(fault->message),
                        isere_slice("SyntaxError: unexpected end of the file"));
    }
}

static void report_thrown(compiler_t *c)
{
    isere_fault_t *fault = c->fault;
    JSValue thrown = JS_GetException(c->heap.ctx);
    isere_js_fault(c->heap.ctx, thrown, fault);
    name_the_end(fault);
    if (fault->line == 0 && c->import_module) {
        isere_text_copy(fault->file, sizeof(fault->file),
                        isere_slice(c->import_module->name));
        fault->line = c->import_line;
        fault->column = c->import_column;
    }
}

static void run_and_report(void *arg)
{
    compiler_t *c = arg;
    /* Here, since a port may run this on a stack of its own. */
    JS_UpdateStackTop(c->heap.rt);
    bool ran = isere_heap_run(&c->heap, run, c);
    if (!ran || c->error == ISERE_ERR_NOMEM ||
        (c->error && c->heap.arena->failed > 0)) {
        report_exhausted(c);
    } else if (c->error == ISERE_ERR_HANDLER) {
        report_thrown(c);
    } else if (c->error) {
        report_unread(c);
        c->error = ISERE_ERR_HANDLER;
    }
}

static void report_timeout(compiler_t *c)
{
    isere_fault_set(c->fault, "compiling took longer than the time limit "
                              "(init timeout)");
    snprintf(c->fault->file, sizeof(c->fault->file), "%s%s", c->root,
             c->main_name);
    c->error = ISERE_ERR_HANDLER;
}

/* Nothing of the compiler's is looked at: not even the fault that it may have
 * begun to fill in. */
static void report_crash(compiler_t *c, const isere_port_t *port)
{
    memset(c->fault, 0, sizeof(*c->fault));
    isere_fault_describe_crash(port, "the compiler crashed", c->fault->message,
                               sizeof(c->fault->message));
    c->error = ISERE_ERR_CRASH;
}

/* ---- where the bundle goes ---- */

static void run_put(void *arg)
{
    compiler_t *c = arg;
    JS_UpdateStackTop(c->heap.rt);
    if (!isere_heap_run(&c->heap, put_bundle, c)) {
        c->error = ISERE_ERR_NOMEM;
    }
}

/* The engine walks through all functions, on its stack. Not under the deadline:
 * what takes the bundle must not be abandoned. */
static int put(compiler_t *c, const isere_port_t *port,
               isere_bundle_put_fn *put_fn, void *arg)
{
    c->put = put_fn;
    c->put_arg = arg;
    int error = port->exec_run(port->ctx, run_put, c, UINT64_MAX);
    if (error) {
        report_crash(c, port);
    }
    return c->error;
}

static int put_in_block(void *arg, const void *bytes, size_t size)
{
    uint8_t **at = arg;
    memcpy(*at, bytes, size);
    *at += size;
    return 0;
}

static int write_block(compiler_t *c, const isere_port_t *port, void **code)
{
    uint8_t *block = isere_alloc(port, c->parts.size);
    uint8_t *at = block;
    if (!block) {
        isere_fault_set(c->fault, "not enough memory for the bytecode");
        return ISERE_ERR_NOMEM;
    }
    int error = put(c, port, put_in_block, &at);
    if (error) {
        isere_free(port, block);
    } else {
        *code = block;
    }
    return error;
}

/* Where the sink has no room, or fails, a block of memory is tried. */
static int write_bundle(compiler_t *c, const isere_port_t *port,
                        isere_compile_sink_t *sink, void **code, size_t *size)
{
    *size = c->parts.size;
    if (sink) {
        sink->code = NULL;
    }
    if (sink && sink->begin(sink->ctx, *size) == 0) {
        int error = put(c, port, sink->put, sink->ctx);
        if (error == ISERE_ERR_CRASH) {
            return error;
        }
        sink->code = error ? NULL : sink->end(sink->ctx);
    }
    return sink && sink->code ? 0 : write_block(c, port, code);
}

static uint64_t deadline(const isere_port_t *port, uint32_t timeout_ms)
{
    return timeout_ms
               ? port->monotonic_us(port->ctx) + (uint64_t)timeout_ms * 1000
               : UINT64_MAX;
}

/* The largest heap that there is. */
static int make_engine(compiler_t *c, const isere_port_t *port, size_t least)
{
    enum { STEP = 4096 };
    int error = isere_engine_init_compiler(&c->heap, port, c->memory,
                                           ISERE_COMPILE_STACK);
    while (error == ISERE_ERR_NOMEM && least > 0 && c->memory - least >= STEP) {
        c->memory -= STEP;
        error = isere_engine_init_compiler(&c->heap, port, c->memory,
                                           ISERE_COMPILE_STACK);
    }
    return error;
}

int isere_compile_with(const isere_port_t *port,
                       const isere_compile_options_t *options, void **code,
                       size_t *size, isere_fault_t *fault)
{
    compiler_t c = {
        .loader = options->loader,
        .in_place = options->in_place,
        .memory = options->memory ? options->memory : ISERE_COMPILE_MEMORY,
        .main_name = options->main_name,
        .root = options->prefix,
        .fault = fault,
    };
    c.last = &c.first;
    isere_fault_set(fault, "");
    if (strlen(c.root) + strlen(c.main_name) >= ISERE_MODULE_NAME_MAX) {
        isere_fault_set(fault, "the module's path is too long");
        return ISERE_ERR_HANDLER;
    }
    uint64_t until = deadline(port, options->timeout_ms);
    int error = make_engine(&c, port, options->least);
    if (error) {
        isere_fault_set(fault, error == ISERE_ERR_CRASH
                                   ? "the compiler crashed at its start"
                                   : "not enough memory to compile");
        return error;
    }
    if (ISERE_FUNCTION_SOURCE && !options->no_source) {
        JS_SetStripInfo(c.heap.rt, 0);
    }
    /* Whatever is abandoned lies in the heap, which goes as a whole. */
    error = port->exec_run(port->ctx, run_and_report, &c, until);
    if (error == ISERE_ERR_CRASH) {
        report_crash(&c, port);
    } else if (error) {
        report_timeout(&c);
    }
    error =
        c.error ? c.error : write_bundle(&c, port, options->sink, code, size);
    isere_heap_deinit(&c.heap);
    return error;
}

int isere_compile(const isere_port_t *port, const isere_loader_t *loader,
                  const char *main_name, const char *prefix, void **code,
                  size_t *size, isere_fault_t *fault)
{
    const isere_compile_options_t options = {
        .loader = loader,
        .main_name = main_name,
        .prefix = prefix,
    };
    /* To the public interface a compiler that is too small is out of memory. */
    int error = isere_compile_with(port, &options, code, size, fault);
    return error == ISERE_ERR_LIMIT ? ISERE_ERR_NOMEM : error;
}
