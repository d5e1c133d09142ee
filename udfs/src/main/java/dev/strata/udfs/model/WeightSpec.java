package dev.strata.udfs.model;

import java.util.List;

/**
 * A tensor that the forward pass needs, or some rows of one.
 *
 * @param name the tensor's name in Hugging Face checkpoints
 * @param shape the tensor's: [rows, columns] of a matrix, [elements] of a vector
 * @param firstRow the first of the rows that are meant
 * @param rows how many; 1 of a vector
 * @param offset what is added to each element of a vector when it is read
 * @param exact whether a vector is kept in float32, whatever the compute type
 */
public record WeightSpec(
    String name, List<Long> shape, int firstRow, int rows, double offset, boolean exact) {

  private static final String BASE_MODEL = "model.";

  public WeightSpec {
    shape = List.copyOf(shape);
    if (firstRow < 0 || rows < 1 || firstRow + rows > (shape.size() == 1 ? 1 : shape.get(0))) {
      throw new IllegalArgumentException(
          String.format("rows %d + %d of %s %s", firstRow, rows, name, shape));
    }
  }

  /** A matrix, or a vector of the compute type. */
  public WeightSpec(String name, List<Long> shape, int firstRow, int rows, double offset) {
    this(name, shape, firstRow, rows, offset, false);
  }

  /** A whole matrix. */
  static WeightSpec matrix(String name, int rows, int columns) {
    return new WeightSpec(name, List.of((long) rows, (long) columns), 0, rows, 0);
  }

  /** Some of its rows. */
  WeightSpec rows(int first, int count) {
    return new WeightSpec(name, shape, firstRow + first, count, offset);
  }

  /** A vector. */
  static WeightSpec vector(String name, int elements) {
    return new WeightSpec(name, List.of((long) elements), 0, 1, 0);
  }

  /** The same with something added to each element. */
  WeightSpec plus(double value) {
    return new WeightSpec(name, shape, firstRow, rows, offset + value, exact);
  }

  /** The same kept in float32. */
  WeightSpec exactly() {
    return new WeightSpec(name, shape, firstRow, rows, offset, true);
  }

  /** Elements of a row. */
  public int columns() {
    return shape.get(shape.size() - 1).intValue();
  }

  /** Elements of the rows that are meant. */
  public long elements() {
    return (long) rows * columns();
  }

  /** Whether it has rows and columns, and is streamed; a vector otherwise, which stays resident. */
  public boolean isMatrix() {
    return shape.size() > 1;
  }

  /**
   * The names that it may have in a checkpoint, the usual one first. As in Hugging Face
   * transformers, the model within a model with a head may be saved alone, or once more enclosed;
   * beside towers for images and sounds it is enclosed in one of several ways, older and newer.
   */
  public List<String> names() {
    return name.startsWith(BASE_MODEL)
        ? namesWithin(name.substring(BASE_MODEL.length()))
        : List.of(name, BASE_MODEL + name, "language_model." + name);
  }

  private List<String> namesWithin(String part) {
    return List.of(
        name,
        part,
        BASE_MODEL + name,
        "model.language_model." + part,
        "language_model.model." + part,
        "model.language_model.model." + part,
        "language_model." + part,
        "model.text_model." + part);
  }
}
