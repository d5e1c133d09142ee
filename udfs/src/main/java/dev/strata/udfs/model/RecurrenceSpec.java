package dev.strata.udfs.model;

import java.util.List;

/**
 * A gated delta rule: what a layer with linear attention does instead of attending. Each value head
 * has a state of [keyDim, valueDim], which decays with every token, forgets what it has under the
 * token's key and takes its value there:
 *
 * <pre>{@code
 * [q, k, v] = silu(convolution([q, k, v]))
 * q = q / |q| / √keyDim, k = k / |k|
 * state = exp(-exp(decay) · softplus(a + shift)) · state
 * state = state + kᵀ · (v - k · state) · sigmoid(b)
 * y = q · state
 * }</pre>
 *
 * @param keyHeads heads of queries and keys; divides {@code valueHeads}
 * @param valueHeads heads of values, of which those that follow one another share a key head
 * @param keyDim width of a query and a key
 * @param valueDim width of a value
 * @param kernel tokens that the convolution sees, the token itself the last
 * @param byKeyHead whether what belongs to a key head is side by side: [q, k, v, z] of each key
 *     head, then [b, a] of each; else it is [q, k, v, z, b, a], all heads of each
 * @param convolution [channels, 1, kernel], a filter for each element of q, k and v
 * @param decay [valueHeads]
 * @param shift [valueHeads]
 */
public record RecurrenceSpec(
    int keyHeads,
    int valueHeads,
    int keyDim,
    int valueDim,
    int kernel,
    boolean byKeyHead,
    WeightSpec convolution,
    WeightSpec decay,
    WeightSpec shift) {

  /** Elements of all queries of a token, and of all keys. */
  public int keyWidth() {
    return keyHeads * keyDim;
  }

  /** Elements of all values of a token, of their gates z and of the result. */
  public int valueWidth() {
    return valueHeads * valueDim;
  }

  /** Elements that the convolution goes over: q, k and v. */
  public int channels() {
    return 2 * keyWidth() + valueWidth();
  }

  /** Elements of q, k, v, z, b and a of a token. */
  public int width() {
    return channels() + valueWidth() + 2 * valueHeads;
  }

  List<WeightSpec> weights() {
    return List.of(convolution, decay, shift);
  }
}
