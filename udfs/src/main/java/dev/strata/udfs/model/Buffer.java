package dev.strata.udfs.model;

/**
 * Activations of a stage's tokens, [tokens, width], from the step that fills them to the last that
 * reads them.
 *
 * @param name what they are called, once in a stage
 * @param width elements of a token
 */
public record Buffer(String name, int width) {

  /** Some of its columns. */
  Columns columns(int first, int count) {
    return new Columns(this, first, count);
  }

  /** All of its columns. */
  Columns all() {
    return new Columns(this, 0, width);
  }

  /**
   * Columns of a buffer, side by side.
   *
   * @param first the first of them
   * @param count how many
   */
  public record Columns(Buffer buffer, int first, int count) {

    public Columns {
      if (first < 0 || count < 1 || first + count > buffer.width) {
        throw new IllegalArgumentException(
            String.format("columns %d + %d of %s", first, count, buffer));
      }
    }
  }
}
