package dev.strata.udfs.sql;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;

/**
 * The arguments of one row's call.
 *
 * @param names the parameters that are evaluated for each row
 * @param values their values: texts, numbers, lists of texts
 */
record CallArguments(List<String> names, List<Object> values) {

  /**
   * Reads them.
   *
   * @param from where the first of them is
   * @return null if one of them is NULL
   */
  static CallArguments read(List<String> names, List<DataType> types, InternalRow row, int from) {
    Object[] values = new Object[types.size()];
    for (int i = 0; i < values.length; i++) {
      if (row.isNullAt(from + i)) {
        return null;
      }
      values[i] = value(row, from + i, types.get(i));
    }
    return new CallArguments(names, Arrays.asList(values));
  }

  private static Object value(InternalRow row, int place, DataType type) {
    if (type instanceof StringType) {
      return row.getUTF8String(place).toString();
    }
    if (type instanceof ArrayType) {
      return texts(row.getArray(place));
    }
    return row.get(place, type);
  }

  private static List<String> texts(ArrayData array) {
    return Arrays.stream(array.toObjectArray(DataTypes.StringType))
        .map(element -> element == null ? "" : element.toString())
        .toList();
  }

  Object get(String name) {
    return values.get(names.indexOf(name));
  }

  /** An argument as a prompt shows it. */
  String text(String name) {
    Object value = get(name);
    return value instanceof List<?> texts
        ? String.join(", ", texts.stream().map(String::valueOf).toList())
        : value.toString();
  }
}
