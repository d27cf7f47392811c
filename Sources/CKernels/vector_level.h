// All kernels of one level. The including file defines VW (floats per vector), MR (rows per tile of the forward product),
// AR (rows per tile of the backward products), LEVEL_NAME and LEVEL_TABLE, and sets the target of the functions.
#include "include/CKernels.h"
#include "vector.h"
#include "vector_transpose.h"
#include "vector_matmul.h"
#include "vector_matmul_add.h"
#include "vector_pairs.h"
#include "vector_panels.h"
#if defined(TILES)
#include "vector_tiles.h"
#else
#include "vector_turned.h"
#endif
#include "vector_packed.h"
#include "vector_packed_exact.h"
#include "vector_activations.h"
#include "vector_elementwise.h"
#include "exponentials.h"
#include "vector_norm.h"
#include "vector_gates.h"
#include "vector_columns.h"
#include "vector_heads.h"
#include "vector_wkv4.h"
#include "vector_wkv6.h"
#include "vector_wkv7.h"
#include "vector_attention.h"
#include "vector_lstm.h"

const ck_kernels LEVEL_TABLE = {
    .name = LEVEL_NAME,
    .prefers_bf16 = PREFERS_BF16,
#if defined(TILES)
    .has_tiles = 1,
    .turned_rows = 2,
#else
    .turned_rows = 24,
#endif
    .matmul_turned = matmul_turned,
    .turn_rows = turn_rows,
#include "table.h"
};
