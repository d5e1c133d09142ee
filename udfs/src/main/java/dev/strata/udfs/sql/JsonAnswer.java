package dev.strata.udfs.sql;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Answers in JSON as values of SQL. A field that is absent is NULL; further ones are ignored. */
final class JsonAnswer {

  private static final int SHOWN_CHARS = 60;

  private JsonAnswer() {}

  /**
   * Refuses a type that JSON has no values of.
   *
   * @throws StrataException if it is one
   */
  static void checkType(DataType type) {
    if (type instanceof StructType struct) {
      Arrays.stream(struct.fields()).forEach(field -> checkType(field.dataType()));
    } else if (type instanceof ArrayType array) {
      checkType(array.elementType());
    } else if (type instanceof MapType map && map.keyType() instanceof StringType) {
      checkType(map.valueType());
    } else if (!isSimple(type)) {
      throw StrataException.usage(
          "ai_query: a returnType cannot have %s; it may have STRING, BOOLEAN, numbers, ARRAY, MAP"
              + " by STRING and STRUCT",
          type.sql());
    }
  }

  private static boolean isSimple(DataType type) {
    return type instanceof StringType
        || type instanceof BooleanType
        || type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType
        || type instanceof FloatType
        || type instanceof DoubleType
        || type instanceof DecimalType;
  }

  /**
   * The value of an answer, around which there may be the fence of a code block.
   *
   * @throws RowException if it is none of the type
   */
  static Object read(String answer, DataType type) {
    try {
      return value(JsonParser.parseString(unfenced(answer.strip())), type);
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | ArithmeticException
        | NumberFormatException
        | StackOverflowError e) {
      String shown =
          answer.length() <= SHOWN_CHARS ? answer : answer.substring(0, SHOWN_CHARS) + "...";
      throw new RowException(
          "the answer is no JSON value of the type %s: '%s'".formatted(type.sql(), shown), e);
    }
  }

  private static String unfenced(String answer) {
    return answer.replaceFirst("^```\\w*\\s*", "").replaceFirst("\\s*```$", "");
  }

  private static Object value(JsonElement json, DataType type) {
    if (json.isJsonNull()) {
      return null;
    }
    if (type instanceof StructType struct) {
      return struct(json.getAsJsonObject(), struct);
    }
    if (type instanceof ArrayType array) {
      return new GenericArrayData(
          StreamSupport.stream(json.getAsJsonArray().spliterator(), false)
              .map(element -> value(element, array.elementType()))
              .toArray());
    }
    if (type instanceof MapType map) {
      return map(json.getAsJsonObject(), map.valueType());
    }
    if (type instanceof StringType) {
      return UTF8String.fromString(json.isJsonPrimitive() ? json.getAsString() : json.toString());
    }
    return type instanceof BooleanType ? flag(json) : number(json.getAsBigDecimal(), type);
  }

  private static Object struct(JsonObject json, StructType type) {
    return new GenericInternalRow(
        Arrays.stream(type.fields())
            .map(
                field ->
                    json.has(field.name()) ? value(json.get(field.name()), field.dataType()) : null)
            .toArray());
  }

  private static Object map(JsonObject json, DataType valueType) {
    Object[] keys = json.keySet().stream().map(UTF8String::fromString).toArray();
    Object[] values = json.keySet().stream().map(key -> value(json.get(key), valueType)).toArray();
    return new ArrayBasedMapData(new GenericArrayData(keys), new GenericArrayData(values));
  }

  private static Boolean flag(JsonElement json) {
    return switch (json.getAsString().strip().toLowerCase(java.util.Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalStateException("no truth value");
    };
  }

  private static Object number(BigDecimal number, DataType type) {
    if (type instanceof ByteType) {
      return number.byteValueExact();
    }
    if (type instanceof ShortType) {
      return number.shortValueExact();
    }
    if (type instanceof IntegerType) {
      return number.intValueExact();
    }
    if (type instanceof LongType) {
      return number.longValueExact();
    }
    if (type instanceof FloatType) {
      return number.floatValue();
    }
    if (type instanceof DecimalType decimal) {
      return decimal(number, decimal);
    }
    return number.doubleValue();
  }

  private static Decimal decimal(BigDecimal number, DecimalType type) {
    Decimal value = Decimal.apply(number);
    if (!value.changePrecision(type.precision(), type.scale())) {
      throw new ArithmeticException("out of range");
    }
    return value;
  }
}
