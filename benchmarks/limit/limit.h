/* What the programs share: vectors of 16 floats, random numbers, the state that they begin from, and their orders.
 *
 * A program is called with the path of a state, as benchmarks/limit/state.py writes it. It says "ready" on a line,
 * and then obeys its input: a line with a number n asks for n sweeps, and is answered by a line of JSON, the
 * nanoseconds a token that counting with phi, and sampling, took in their mean. At the end of the input it says on a
 * last line how well the topics fit, and ends.
 *
 * The vectors are those of GCC and Clang, so a processor with narrower ones, or of another make, will do; what lacks
 * AVX-512 gets two or four instructions for one.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((vector_size(4 * LANES)));
typedef int32_t i16 __attribute__((vector_size(4 * LANES)));

#define ALL(value) ((v16){} + (value))
#define ALL_WHOLE(value) ((i16){} + (value))

static const i16 LANE = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

INLINE v16 load(const float *from) { return *(const v16 *)from; }
INLINE void store(float *to, v16 x) { *(v16 *)to = x; }
INLINE float larger(float x, float y) { return x > y ? x : y; }

/* Lanes moved up by n, zeros in their place. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define MOVED(x, n)                                                                                                \
    __builtin_shufflevector(x, (v16){}, 0 < n ? 16 : 0 - n, 1 < n ? 16 : 1 - n, 2 < n ? 16 : 2 - n,                \
                            3 < n ? 16 : 3 - n, 4 < n ? 16 : 4 - n, 5 < n ? 16 : 5 - n, 6 < n ? 16 : 6 - n,        \
                            7 < n ? 16 : 7 - n, 8 - n, 9 - n, 10 - n, 11 - n, 12 - n, 13 - n, 14 - n, 15 - n)
#endif
#endif
#ifndef MOVED
#define MOVED(x, n) __builtin_shuffle(x, (v16){}, LANE < (n) ? ALL_WHOLE(16) : LANE - (n))
#endif

/* Lane j: the sum of the lanes 0 .. j. */
INLINE v16 running_sum(v16 x)
{
    x += MOVED(x, 1);
    x += MOVED(x, 2);
    x += MOVED(x, 4);
    x += MOVED(x, 8);
    return x;
}

/* How many lanes are at most `limit`. */
INLINE int lanes_up_to(v16 x, float limit)
{
#ifdef __AVX512F__
    return __builtin_popcount(_mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(limit), _CMP_LE_OQ));
#else
    const i16 found = x <= ALL(limit);
    int n = 0;
    for (int j = 0; j < LANES; j++)
        n -= found[j];
    return n;
#endif
}

/* Write one cell by reading and writing its whole block: a block that is read whole right after a write of one cell
 * would have to wait for that write to reach the cache. */
INLINE void put(float *cells, int k, float value)
{
    float *block = cells + (k & ~(LANES - 1));
    const i16 chosen = LANE == ALL_WHOLE(k & (LANES - 1));
    store(block, (v16)(((i16)ALL(value) & chosen) | ((i16)load(block) & ~chosen)));
}

INLINE uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* Uniform in [0, 1): number i of a stream. */
INLINE float uniform(uint64_t stream, int64_t i)
{
    return (float)(mixed(stream + (uint64_t)i * 0x9E3779B97F4A7C15u) >> 40) * (1.0f / 16777216.0f);
}

INLINE uint64_t stream_of(uint64_t sweep, int64_t document) { return mixed(sweep ^ mixed((uint64_t)document + 1)); }

/* -DCLOCK=CLOCK_THREAD_CPUTIME_ID leaves out what others did with the core meanwhile. */
#ifndef CLOCK
#define CLOCK CLOCK_MONOTONIC
#endif

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The documents, their topics and what goes with a topic. `stride` is K rounded up to whole blocks; cells beyond K
 * are 0. Without its own token a topic's phi is grown[k] * phi - gone[k]. */
static int64_t n_documents, n_tokens, n_terms;
static int n_topics, stride;
static double beta;
static int64_t *offsets;
static int32_t *words;
static uint16_t *z;
static float *alpha, *grown, *gone, *phi;
static int32_t *counts;

static void *cells(size_t n)
{
    /* Of whole huge pages, zeroed: a sweep reads all over phi. */
    const size_t page = 2u << 20, bytes = (4 * n + page - 1) & ~(page - 1);
    void *made = aligned_alloc(page, bytes);
    if (made == NULL) {
        fprintf(stderr, "no memory for %zu MB\n", bytes >> 20);
        exit(1);
    }
    memset(made, 0, bytes);
    return made;
}

static void read_into(void *to, size_t bytes, FILE *file)
{
    if (fread(to, 1, bytes, file) != bytes) {
        fprintf(stderr, "the state is too short\n");
        exit(1);
    }
}

static void read_state(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    int64_t sizes[4];
    read_into(sizes, sizeof sizes, file);
    n_documents = sizes[0], n_tokens = sizes[1], n_terms = sizes[2], n_topics = (int)sizes[3];
    stride = (n_topics + LANES - 1) / LANES * LANES;
    read_into(&beta, sizeof beta, file);
    offsets = malloc(8 * (size_t)(n_documents + 1));
    words = malloc(4 * (size_t)n_tokens);
    z = malloc(2 * (size_t)n_tokens);
    alpha = cells((size_t)stride), grown = cells((size_t)stride), gone = cells((size_t)stride);
    phi = cells((size_t)(n_terms * stride)), counts = cells((size_t)(n_terms * stride));
    read_into(offsets, 8 * (size_t)(n_documents + 1), file);
    read_into(words, 4 * (size_t)n_tokens, file);
    read_into(z, 2 * (size_t)n_tokens, file);
    read_into(alpha, 4 * (size_t)n_topics, file);
    fclose(file);
}

/* Count all tokens anew, and freeze phi_kw = (n_kw + beta) / (n_k + V beta). */
static void count_and_freeze(void)
{
    int64_t totals[stride];
    float scale[stride];
    memset(totals, 0, sizeof totals);
    memset(counts, 0, 4 * (size_t)(n_terms * stride));
    for (int64_t i = 0; i < n_tokens; i++)
        counts[words[i] * (int64_t)stride + z[i]]++;
    for (int64_t w = 0; w < n_terms; w++)
        for (int k = 0; k < stride; k++)
            totals[k] += counts[w * stride + k];
    for (int k = 0; k < stride; k++) {
        const double total = (double)totals[k] + (double)n_terms * beta;
        scale[k] = k < n_topics ? (float)(1 / total) : 0;
        grown[k] = total > 1 ? (float)(total / (total - 1)) : 0;
        gone[k] = total > 1 ? (float)(1 / (total - 1)) : 0;
    }
    for (int64_t w = 0; w < n_terms; w++)
        for (int k = 0; k < stride; k++)
            phi[w * stride + k] = ((float)counts[w * stride + k] + (float)beta) * scale[k];
}

/* Mean over tokens of log phi of their topic, under phi of the present topics. */
static double mean_log_phi(void)
{
    double sum = 0;
    count_and_freeze();
    for (int64_t i = 0; i < n_tokens; i++)
        sum += log((double)phi[words[i] * (int64_t)stride + z[i]]);
    return sum / (double)n_tokens;
}

/* What each program has of its own: one sweep under the frozen phi, and what must be made ready for it. */
static void make_ready(void);
static void resample(uint64_t sweep);

int main(int n, char **arguments)
{
    if (n != 2) {
        fprintf(stderr, "usage: %s STATE\n", arguments[0]);
        return 1;
    }
    read_state(arguments[1]);
    uint64_t sweep = 0;
    char line[32];
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        const int asked = atoi(line);
        double counting = 0, sampling = 0;
        for (int more = asked; more > 0; more--) {
            const double began = seconds();
            count_and_freeze();
            make_ready();
            const double counted = seconds();
            resample(sweep++);
            const double sampled = seconds();
            counting += counted - began, sampling += sampled - counted;
        }
        const double each = 1e9 / (double)n_tokens / (asked > 0 ? asked : 1);
        printf("{\"counting\": %.3f, \"sampling\": %.3f}\n", counting * each, sampling * each);
        fflush(stdout);
    }
    printf("{\"mean_log_phi\": %.6f}\n", mean_log_phi());
    return 0;
}
