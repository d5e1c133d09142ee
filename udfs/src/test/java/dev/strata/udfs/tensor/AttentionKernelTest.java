package dev.strata.udfs.tensor;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ragged attention against plain loops; whatever no query may see is poison. */
class AttentionKernelTest extends KernelFixture {

  private static final int HEAD_DIM = 8;
  private static final double SCALE = 0.3;

  /** A sequence: its last {@code count} of {@code length} tokens ask. */
  private record Part(int count, int length) {}

  /** Parts side by side in a pool with gaps between their extents. */
  private final class Ragged {
    final List<Part> parts;
    final int heads;
    final int kvHeads;
    final int rows;
    final int poolTokens;
    final Segments segments;
    final Matrix queries;
    final Matrix kv;
    double softCap;
    private final List<Integer> extents = new ArrayList<>();

    Ragged(List<Part> parts, int heads, int kvHeads) {
      this.parts = parts;
      this.heads = heads;
      this.kvHeads = kvHeads;
      this.rows = parts.stream().mapToInt(Part::count).sum();
      this.poolTokens = parts.stream().mapToInt(p -> p.length() + 2).sum() + 3;
      this.queries = random(rows, heads * HEAD_DIM);
      this.kv = Matrix.poison(poolTokens, 2 * kvHeads * HEAD_DIM);
      this.segments = new Segments(parts.size());
      int row = 0;
      // The last part has the first extent: order in the pool is not order in the micro-batch.
      int extent = poolTokens;
      for (int i = 0; i < parts.size(); i++) {
        Part part = parts.get(i);
        extent -= part.length() + 2;
        kv.with(extent, 0, random(part.length(), kv.columns));
        segments.set(i, row, part.count(), extent, part.length());
        extents.add(extent);
        row += part.count();
      }
    }

    /** Poisons what the window hides from all queries of a part. */
    void hideBefore(int window) {
      for (int i = 0; i < parts.size(); i++) {
        Part part = parts.get(i);
        int hidden = Math.max(0, part.length() - part.count() - window + 1);
        kv.with(extents.get(i), 0, Matrix.poison(hidden, kv.columns));
      }
    }

    Matrix expected(int window) {
      Matrix out = Matrix.poison(rows, heads * HEAD_DIM);
      int row = 0;
      for (int i = 0; i < parts.size(); i++) {
        Part part = parts.get(i);
        for (int j = 0; j < part.count(); j++, row++) {
          int position = part.length() - part.count() + j;
          int first = window == 0 ? 0 : Math.max(0, position - window + 1);
          for (int head = 0; head < heads; head++) {
            Matrix attended =
                attended(row, head, extents.get(i) + first, extents.get(i) + position);
            out.with(row, head * HEAD_DIM, attended);
          }
        }
      }
      return out;
    }

    private Matrix attended(int row, int head, int first, int last) {
      int kvHead = head / (heads / kvHeads);
      double[] scores = new double[last - first + 1];
      double sum = 0;
      for (int t = 0; t < scores.length; t++) {
        double dot = 0;
        for (int d = 0; d < HEAD_DIM; d++) {
          dot +=
              (double) queries.at(row, head * HEAD_DIM + d)
                  * kv.at(first + t, kvHead * HEAD_DIM + d);
        }
        scores[t] = Math.exp(capped(SCALE * dot));
        sum += scores[t];
      }
      double total = sum;
      return Matrix.of(
          1,
          HEAD_DIM,
          (r, d) -> {
            double value = 0;
            for (int t = 0; t < scores.length; t++) {
              value += scores[t] / total * kv.at(first + t, (kvHeads + kvHead) * HEAD_DIM + d);
            }
            return value;
          });
    }

    private double capped(double score) {
      return softCap == 0 ? score : softCap * Math.tanh(score / softCap);
    }

    void check(int window) {
      int first = 3;
      Tensor out = tensor(Matrix.poison(rows + first + 2, heads * HEAD_DIM));
      kernels
          .attention()
          .attend(
              tensor(queries, rows, heads, HEAD_DIM),
              tensor(kv, poolTokens, 2, kvHeads, HEAD_DIM),
              segments,
              new AttentionKernels.Scores(window, SCALE, softCap, device.none()),
              out,
              first);
      Matrix all = Matrix.poison(rows + first + 2, heads * HEAD_DIM);
      Matrix.of(out).assertSame(all.with(first, 0, expected(window)), 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "6, 2", "8, 1"})
  void aDecodedTokenSeesAllTokensBeforeIt(int heads, int kvHeads) {
    new Ragged(List.of(new Part(1, 1), new Part(1, 30), new Part(1, 7)), heads, kvHeads).check(0);
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "6, 2", "8, 1"})
  void aPromptSeesItselfCausally(int heads, int kvHeads) {
    new Ragged(List.of(new Part(19, 19), new Part(2, 2), new Part(64, 64)), heads, kvHeads)
        .check(0);
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "6, 2", "8, 1"})
  void aChunkSeesWhatWentBefore(int heads, int kvHeads) {
    new Ragged(List.of(new Part(5, 19), new Part(2, 3), new Part(40, 41)), heads, kvHeads).check(0);
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "6, 2", "8, 1"})
  void sequencesOfAllKindsGoTogether(int heads, int kvHeads) {
    new Ragged(
            List.of(new Part(1, 12), new Part(9, 9), new Part(4, 20), new Part(1, 1)),
            heads,
            kvHeads)
        .check(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 8, 9, 19, 20, 21, 100})
  void aWindowHidesWhatIsOlder(int window) {
    Ragged ragged =
        new Ragged(
            List.of(
                new Part(1, 20),
                new Part(20, 20),
                new Part(9, 20),
                new Part(1, 1),
                new Part(8, 9),
                new Part(5, 5)),
            4,
            2);
    ragged.hideBefore(window);
    ragged.check(window);
  }

  @ParameterizedTest
  @CsvSource({"4, 4, 0", "6, 2, 0", "6, 2, 5", "8, 1, 3"})
  void scoresMayHaveASoftCap(int heads, int kvHeads, int window) {
    Ragged ragged =
        new Ragged(List.of(new Part(1, 9), new Part(6, 11), new Part(4, 4)), heads, kvHeads);
    ragged.softCap = 0.7;
    ragged.check(window);
  }
}
