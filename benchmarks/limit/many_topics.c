/* One core's sweep of the sequential rule where topics are many: a document lists those that it has.
 *
 *     cc -O3 -march=native -ffp-contract=off -DTURNS=4 many_topics.c -lm
 *
 * A draw falls into the listed part, n_dk phi_kw, or else into the alpha part, alpha_k phi_kw over all topics, whose
 * mass is added up once a sweep in groups of 256. TURNS documents are resampled a token each in turn, for the reason
 * given in few_topics.c. A topic's place in the list is looked up in a table, and a place whose count falls to zero
 * stays, with no weight, until another topic takes it: neither leaving nor joining the list branches.
 */
#include "limit.h"

#define GROUP 256
#define MOST_TOPICS 4096
#define NOWHERE 0xFFFF

/* Tokens ahead whose cells of phi are fetched. */
#ifndef AHEAD
#define AHEAD 1
#endif

typedef struct {
    float weight[MOST_TOPICS] __attribute__((aligned(64)));  /* n_dk of the listed topic */
    int32_t topic[MOST_TOPICS] __attribute__((aligned(64)));
    float sums[MOST_TOPICS] __attribute__((aligned(64)));    /* lane by lane, over the blocks up to each */
    float below[2 * LANES] __attribute__((aligned(64)));     /* [LANES + j]: lanes 0 .. j; before them zeros */
    float count[MOST_TOPICS];
    uint16_t place[MOST_TOPICS];  /* of a topic in the list, or NOWHERE */
    uint16_t unused[MOST_TOPICS]; /* places without a topic, the last n_unused of which is taken next */
    int n_unused, blocks;
    int64_t first, token, end;
    uint64_t stream;
} Chain;

static int n_groups;
static float *group_mass, *row_mass;

static void make_ready(void)
{
    if (group_mass == NULL) {
        if (stride > MOST_TOPICS) {
            fprintf(stderr, "topics must be at most %d, got %d\n", MOST_TOPICS, n_topics);
            exit(1);
        }
        n_groups = (stride + GROUP - 1) / GROUP;
        group_mass = cells((size_t)(n_terms * n_groups)), row_mass = cells((size_t)n_terms);
    }
    for (int64_t w = 0; w < n_terms; w++) {
        row_mass[w] = 0;
        for (int g = 0; g < n_groups; g++) {
            const int end = (g + 1) * GROUP < stride ? (g + 1) * GROUP : stride;
            v16 mass = {};
            for (int k = g * GROUP; k < end; k += LANES)
                mass += load(phi + w * stride + k) * load(alpha + k);
            row_mass[w] += group_mass[w * n_groups + g] = running_sum(mass)[LANES - 1];
        }
    }
}

INLINE void list_a_block(Chain *chain)
{
    const int from = chain->blocks++ * LANES;
    store(chain->weight + from, (v16){});
    store((float *)chain->topic + from, (v16){});
    for (int j = LANES - 1; j >= 0; j--) {
        chain->count[from + j] = 0;
        chain->unused[chain->n_unused++] = (uint16_t)(from + j);
    }
}

/* Count a token of topic k into the document. */
INLINE void join(Chain *chain, int k)
{
    if (__builtin_expect(chain->n_unused == 0, 0))
        list_a_block(chain);
    int place = chain->place[k];
    const int is_new = place == NOWHERE;
    place = is_new ? chain->unused[chain->n_unused - 1] : place;
    chain->n_unused -= is_new;
    chain->place[k] = (uint16_t)place;
    chain->count[place] = is_new ? 1 : chain->count[place] + 1;
    put((float *)chain->topic, place, ((union { int32_t whole; float bits; }){k}).bits);
    put(chain->weight, place, chain->count[place]);
}

static void end(Chain *chain)
{
    for (int64_t i = chain->first; i < chain->end; i++)
        chain->place[z[i]] = NOWHERE;
}

/* Begin the next document that has tokens; 0 when there is none left. */
static int begin(Chain *chain, int64_t *next, uint64_t sweep)
{
    while (*next < n_documents && offsets[*next] == offsets[*next + 1])
        ++*next;
    if (*next >= n_documents)
        return 0;
    chain->first = chain->token = offsets[*next], chain->end = offsets[*next + 1];
    chain->stream = stream_of(sweep, *next);
    chain->n_unused = chain->blocks = 0;
    for (int64_t i = chain->token; i < chain->end; i++)
        join(chain, z[i]);
    ++*next;
    return 1;
}

#define AT(j) row[topic[j]]

/* Cells of a row at 16 topics. -DGATHER: by the instruction for it, where there is one; which way is faster depends on
 * the processor. */
INLINE v16 gathered(const float *row, const int32_t *topic)
{
#if defined(GATHER) && defined(__AVX512F__)
    return (v16)_mm512_i32gather_ps(_mm512_load_si512(topic), row, 4);
#else
    return (v16){AT(0), AT(1), AT(2),  AT(3),  AT(4),  AT(5),  AT(6),  AT(7),
                 AT(8), AT(9), AT(10), AT(11), AT(12), AT(13), AT(14), AT(15)};
#endif
}

/* The topic at `target` of the alpha part of word w, in which the old topic weighs `less` less. */
static int draw_by_alpha(int64_t w, int old, float less, float target)
{
    const float *row = phi + w * stride;
    float sums[GROUP] __attribute__((aligned(64))), below[2 * LANES] __attribute__((aligned(64))) = {0};
    int g = 0;
    for (; g < n_groups - 1; g++) {
        const float mass = group_mass[w * n_groups + g] - (old / GROUP == g ? less : 0);
        if (target < mass)
            break;
        target -= mass;
    }
    const int first = g * GROUP, blocks = (first + GROUP < stride ? GROUP : stride - first) / LANES;
    v16 sum = {};
    for (int b = 0; b < blocks; b++) {
        const int from = first + b * LANES;
        sum += load(row + from) * load(alpha + from);
        if (from == (old & ~(LANES - 1)))
            sum[old & (LANES - 1)] -= less;
        store(sums + b * LANES, sum);
    }
    const v16 lanes = running_sum(sum);
    store(below + LANES, lanes);
    int lane = lanes_up_to(lanes, target), block = 0;
    lane = lane < LANES ? lane : LANES - 1;
    for (int b = 0; b < blocks - 1; b++)
        block += sums[b * LANES + lane] <= target - below[LANES + lane - 1];
    const int k = first + block * LANES + lane;
    return k < n_topics ? k : n_topics - 1;
}

/* Resample a token of each of n documents. */
INLINE void step(Chain *chain, const int n)
{
    const float *row[TURNS];
    int old[TURNS], place[TURNS], drawn[TURNS];
    float less[TURNS], beyond[TURNS];
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        const int64_t i = chain[c].token, ahead = i + AHEAD < chain[c].end ? i + AHEAD : i;
        const float *later = phi + (int64_t)words[ahead] * stride;
        __builtin_prefetch(later + z[ahead]);
        for (int j = 0; j < LANES; j++)
            __builtin_prefetch(later + chain[c].topic[j]);
        row[c] = phi + (int64_t)words[i] * stride;
        old[c] = z[i];
        place[c] = chain[c].place[old[c]];
        const float count = chain[c].count[place[c]] -= 1;
        const float value = row[c][old[c]], left = larger(grown[old[c]] - gone[old[c]] / value, 0);
        put(chain[c].weight, place[c], count * left);
        less[c] = alpha[old[c]] * value * (1 - left);
    }
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        v16 sum = {};
        for (int b = 0; b < chain[c].blocks; b++) {
            sum += gathered(row[c], chain[c].topic + b * LANES) * load(chain[c].weight + b * LANES);
            store(chain[c].sums + b * LANES, sum);
        }
        const v16 lanes = running_sum(sum);
        store(chain[c].below + LANES, lanes);
        const float listed = chain[c].below[2 * LANES - 1], others = row_mass[words[chain[c].token]] - less[c];
        const float target = uniform(chain[c].stream, chain[c].token) * (listed + others);
        beyond[c] = target - listed;
        int lane = lanes_up_to(lanes, target), block = 0;
        lane = lane < LANES ? lane : LANES - 1;
        const float rest = target - chain[c].below[LANES + lane - 1];
        for (int b = 0; b < chain[c].blocks - 1; b++)
            block += chain[c].sums[b * LANES + lane] <= rest;
        drawn[c] = chain[c].topic[block * LANES + lane];
    }
    for (int c = 0; c < n; c++)
        if (beyond[c] >= 0)
            drawn[c] = draw_by_alpha(words[chain[c].token], old[c], less[c], beyond[c]);
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        const float count = chain[c].count[place[c]];
        const int is_empty = count == 0;
        put(chain[c].weight, place[c], count);
        chain[c].place[old[c]] = (uint16_t)(is_empty ? NOWHERE : place[c]);
        chain[c].unused[chain[c].n_unused] = (uint16_t)place[c];
        chain[c].n_unused += is_empty;
        join(&chain[c], drawn[c]);
        z[chain[c].token++] = (uint16_t)drawn[c];
    }
}

static void resample(uint64_t sweep)
{
    static Chain chains[TURNS];
    static int known;
    for (; known < TURNS; known++)
        memset(chains[known].place, 0xFF, sizeof chains[known].place);
    int64_t next = 0;
    int n = 0;
    while (n < TURNS && begin(&chains[n], &next, sweep))
        n++;
    const int all = n == TURNS;
    for (int running = all; running;) {
        step(chains, TURNS);
        for (int c = 0; c < TURNS; c++)
            if (chains[c].token == chains[c].end) {
                end(&chains[c]);
                running &= begin(&chains[c], &next, sweep);
            }
    }
    for (int c = 0; c < n; c++) {
        while (chains[c].token < chains[c].end)
            step(&chains[c], 1);
        end(&chains[c]);
    }
}
