// A plugin for qemu: how often each instruction of a Cortex-M program was executed, and what its cycles depend on.
//   -plugin counts.so,start=ADDRESS,end=ADDRESS,out=FILE
// counts from the last arrival at `start` to the next one at `end`. A line of the file has an address, the times it
// was executed, and after how many of them the program went on elsewhere than behind it. The last line, "data N", has
// how many loads reached another line of 16 bytes in flash than the load before.
//
// The declarations are those of version 1 of qemu's plugin interface, whose header Debian does not ship.
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t Id;
struct qemu_plugin_tb;
void qemu_plugin_register_vcpu_tb_trans_cb(Id, void (*)(Id, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, void (*)(unsigned, void*), int, void*);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn*, void (*)(unsigned, void*), int, void*);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn*, int, void*, uint64_t);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn*, void (*)(unsigned, uint32_t, uint64_t, void*), int, int,
                                      void*);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn*);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn*);
void qemu_plugin_register_atexit_cb(Id, void (*)(Id, void*), void*);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { flash = 4 << 20, places = flash / 2 };  // instructions lie at even addresses
struct Counts {
  uint64_t executed[places], left[places], data;
};
static struct Counts now, window;
static uint64_t start, end, behind, last_line;
static uint64_t last_place;
static const char* out;

struct Block {
  uint64_t first, last, behind;
};

static void enter_block(unsigned cpu, void* argument) {
  (void)cpu;
  const struct Block* b = argument;
  if (b->first != behind) ++now.left[last_place];
  behind = b->behind;
  last_place = b->last / 2;
}
static void begin(unsigned cpu, void* argument) {
  (void)cpu, (void)argument;
  memset(&now, 0, sizeof now);
}
static void finish(unsigned cpu, void* argument) {
  (void)cpu, (void)argument;
  window = now;
}
static void load(unsigned cpu, uint32_t info, uint64_t address, void* argument) {
  (void)cpu, (void)info, (void)argument;
  if (address >= flash || address / 16 == last_line) return;
  last_line = address / 16;
  ++now.data;
}

static void translate(Id id, struct qemu_plugin_tb* tb) {
  (void)id;
  const size_t n = qemu_plugin_tb_n_insns(tb);
  struct Block* b = malloc(sizeof *b);
  for (size_t i = 0; i < n; ++i) {
    struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
    const uint64_t address = qemu_plugin_insn_vaddr(insn);
    if (address >= flash) return;
    if (i == 0) b->first = address;
    b->last = address;
    b->behind = address + qemu_plugin_insn_size(insn);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, 0, &now.executed[address / 2], 1);
    qemu_plugin_register_vcpu_mem_cb(insn, load, 0, 3, NULL);
    if (address == start) qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, 0, NULL);
    if (address == end) qemu_plugin_register_vcpu_insn_exec_cb(insn, finish, 0, NULL);
  }
  qemu_plugin_register_vcpu_tb_exec_cb(tb, enter_block, 0, b);
}

static void write_counts(Id id, void* argument) {
  (void)id, (void)argument;
  FILE* file = fopen(out, "w");
  if (!file) return;
  for (uint64_t i = 0; i < places; ++i)
    if (window.executed[i])
      fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", 2 * i, window.executed[i], window.left[i]);
  fprintf(file, "data %" PRIu64 "\n", window.data);
  fclose(file);
}

EXPORT int qemu_plugin_install(Id id, const void* info, int count, char** arguments) {
  (void)info;
  for (int i = 0; i < count; ++i) {
    const char* value = strchr(arguments[i], '=');
    if (!value) return 1;
    if (!strncmp(arguments[i], "start=", 6)) start = strtoull(value + 1, NULL, 16) & ~UINT64_C(1);
    else if (!strncmp(arguments[i], "end=", 4)) end = strtoull(value + 1, NULL, 16) & ~UINT64_C(1);
    else if (!strncmp(arguments[i], "out=", 4)) out = strdup(value + 1);
    else return 1;
  }
  if (!out || !start || !end) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, write_counts, NULL);
  return 0;
}
