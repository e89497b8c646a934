/* One core's sweep of the sequential rule where topics are few: every draw scans all of them.
 *
 *     cc -O3 -march=native -ffp-contract=off -DBLOCKS=7 -DTURNS=4 few_topics.c -lm      (K = 97 .. 112)
 *
 * BLOCKS is K / 16, rounded up. TURNS documents are resampled a token each in turn: the steps of one document wait for
 * one another, those of different documents do not, and nothing branches, so the processor works on all of them.
 *
 * The own token leaves phi by way of the weight that phi is multiplied with. That is written anyway, so no step of the
 * scan has to do with it:
 *
 *     (n_dk + alpha_k) (grown_k phi_kw - gone_k) = (n_dk + alpha_k) (grown_k - gone_k / phi_kw) phi_kw
 *
 * Counts are exact: a weight is made of its count each time, never of the weight before. Adding 1 to floats and taking
 * it off again would let them drift, and was not faster.
 */
#include "limit.h"

#define STRIDE (BLOCKS * LANES)

/* Tokens ahead whose row of phi is fetched. */
#ifndef AHEAD
#define AHEAD 4
#endif

typedef struct {
    float weight[STRIDE] __attribute__((aligned(64)));       /* n_dk + alpha_k */
    float sums[STRIDE] __attribute__((aligned(64)));         /* lane by lane, over the blocks up to each */
    float below[2 * LANES] __attribute__((aligned(64)));     /* [LANES + j]: lanes 0 .. j; before them zeros */
    float count[STRIDE];                                     /* n_dk */
    int64_t token, end;
    uint64_t stream;
} Chain;

static void make_ready(void) {}

/* Begin the next document that has tokens; 0 when there is none left. */
static int begin(Chain *chain, int64_t *next, uint64_t sweep)
{
    while (*next < n_documents && offsets[*next] == offsets[*next + 1])
        ++*next;
    if (*next >= n_documents)
        return 0;
    chain->token = offsets[*next], chain->end = offsets[*next + 1];
    chain->stream = stream_of(sweep, *next);
    memset(chain->count, 0, sizeof chain->count);
    for (int64_t i = chain->token; i < chain->end; i++)
        chain->count[z[i]]++;
    for (int k = 0; k < STRIDE; k++)
        chain->weight[k] = chain->count[k] + alpha[k];
    ++*next;
    return 1;
}

/* Resample a token of each of n documents. */
INLINE void step(Chain *chain, const int n)
{
    const float *row[TURNS];
    int old[TURNS];
    v16 sum[TURNS];
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        const int64_t i = chain[c].token, ahead = i + AHEAD < chain[c].end ? i + AHEAD : i;
        const float *later = phi + (int64_t)words[ahead] * STRIDE;
#pragma GCC unroll 16
        for (int b = 0; b < BLOCKS; b++)
            __builtin_prefetch(later + b * LANES);
        row[c] = phi + (int64_t)words[i] * STRIDE;
        old[c] = z[i];
        const float count = chain[c].count[old[c]] -= 1;
        const float left = larger(grown[old[c]] - gone[old[c]] / row[c][old[c]], 0);
        put(chain[c].weight, old[c], (count + alpha[old[c]]) * left);
        sum[c] = (v16){};
    }
#pragma GCC unroll 16
    for (int b = 0; b < BLOCKS; b++) {
#pragma GCC unroll 8
        for (int c = 0; c < n; c++) {
            sum[c] += load(row[c] + b * LANES) * load(chain[c].weight + b * LANES);
            store(chain[c].sums + b * LANES, sum[c]);
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        const v16 lanes = running_sum(sum[c]);
        store(chain[c].below + LANES, lanes);
        const float target = uniform(chain[c].stream, chain[c].token) * chain[c].below[2 * LANES - 1];
        int lane = lanes_up_to(lanes, target);
        lane = lane < LANES ? lane : LANES - 1;
        const float rest = target - chain[c].below[LANES + lane - 1];
        int block = 0;
#pragma GCC unroll 16
        for (int b = 0; b < BLOCKS - 1; b++)
            block += chain[c].sums[b * LANES + lane] <= rest;
        int k = block * LANES + lane;
        k = k < n_topics ? k : n_topics - 1;
        put(chain[c].weight, old[c], chain[c].count[old[c]] + alpha[old[c]]);
        put(chain[c].weight, k, (chain[c].count[k] += 1) + alpha[k]);
        z[chain[c].token++] = (uint16_t)k;
    }
}

static void resample(uint64_t sweep)
{
    static Chain chain[TURNS];
    int64_t next = 0;
    int n = 0;
    while (n < TURNS && begin(&chain[n], &next, sweep))
        n++;
    while (n == TURNS) {
        step(chain, TURNS);
        for (int c = 0; c < n; c++)
            if (chain[c].token == chain[c].end && !begin(&chain[c], &next, sweep))
                chain[c--] = chain[--n];
    }
    for (int c = 0; c < n; c++)
        while (chain[c].token < chain[c].end)
            step(&chain[c], 1);
}
