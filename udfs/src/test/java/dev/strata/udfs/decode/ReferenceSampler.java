package dev.strata.udfs.decode;

import dev.strata.udfs.api.SamplingOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What {@link Sampler} computes, written down plainly: sort everything, then walk. */
final class ReferenceSampler {

  private record Scored(int id, double score) {}

  private ReferenceSampler() {}

  static int sample(
      float[] logits, SamplingOptions options, int[] tokens, long seed, int position) {
    List<Scored> sorted = sorted(penalized(logits, options.repetitionPenalty(), tokens));
    if (options.isGreedy()) {
      return sorted.get(0).id();
    }
    if (options.topK() > 0 && options.topK() < sorted.size()) {
      double least = sorted.get(options.topK() - 1).score();
      sorted.removeIf(scored -> scored.score() < least);
    }
    sorted = sorted.subList(0, massCount(sorted, options.temperature(), options.topP()));
    double[] probabilities = softmax(sorted, options.temperature());
    int kept = 0;
    while (kept < probabilities.length
        && probabilities[kept] >= options.minP() * probabilities[0]) {
      kept++;
    }
    sorted = sorted.subList(0, kept);
    return draw(sorted, options.temperature(), RowSeed.uniform(seed, position));
  }

  private static float[] penalized(float[] logits, double penalty, int[] tokens) {
    float[] scores = logits.clone();
    Set<Integer> distinct = new HashSet<>(Arrays.stream(tokens).boxed().toList());
    for (int id : distinct) {
      scores[id] = scores[id] < 0 ? scores[id] * (float) penalty : scores[id] / (float) penalty;
    }
    return scores;
  }

  private static List<Scored> sorted(float[] scores) {
    List<Scored> sorted = new ArrayList<>();
    for (int id = 0; id < scores.length; id++) {
      sorted.add(new Scored(id, scores[id]));
    }
    sorted.sort(Comparator.comparingDouble(Scored::score).reversed().thenComparing(Scored::id));
    return sorted;
  }

  private static int massCount(List<Scored> sorted, double temperature, double mass) {
    double[] probabilities = softmax(sorted, temperature);
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      sum += probabilities[i];
      if (mass < 1 && sum >= mass) {
        return i + 1;
      }
    }
    return probabilities.length;
  }

  private static int draw(List<Scored> sorted, double temperature, double uniform) {
    double[] probabilities = softmax(sorted, temperature);
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      sum += probabilities[i];
      if (sum > uniform) {
        return sorted.get(i).id();
      }
    }
    return sorted.get(probabilities.length - 1).id();
  }

  private static double[] softmax(List<Scored> sorted, double temperature) {
    double largest = sorted.get(0).score();
    double[] weights =
        sorted.stream().mapToDouble(s -> Math.exp((s.score() - largest) / temperature)).toArray();
    double total = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / total).toArray();
  }
}
