import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.specs import LoadError, Place, Spec, is_path, is_secret, is_variable, parse, place, wrong_url

texts = st.text(min_size=1, max_size=12)
likely = st.text(alphabet='ab./:@,="\\ \n~py-', min_size=1, max_size=12)
names = st.one_of(texts, likely, st.sampled_from(["./a.py:B", "~/x.py", "a.b:C", "games/nim.py", "/x,y.py"]))
keys = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)
urls = st.from_regex(r"https?://[a-z0-9.:]{1,12}(/[a-z0-9,=.-]{0,8})?", fullmatch=True)
specs = st.builds(
    Spec,
    names,
    st.one_of(st.just(""), names),
    st.one_of(st.just(""), urls),
    st.dictionaries(keys, st.one_of(st.just(""), texts, likely), max_size=3).map(lambda d: tuple(d.items())),
)


@given(specs)
def test_every_spec_prints_as_a_text_that_parses_to_it_again(spec):
    assert parse(str(spec)) == spec


@given(st.one_of(st.text(max_size=30), st.text(alphabet='ab./:@,="\\ 1', max_size=30)))
def test_any_text_is_parsed_or_refused_with_a_position(text):
    try:
        spec = parse(text)
    except LoadError as error:
        assert str(error).startswith("bad specifier, position ")
        assert str(error).count("\n") in (0, 2)
    else:
        assert parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("chess", Spec("chess")),
        ("chess,max_plies=40", Spec("chess", options=(("max_plies", "40"),))),
        ("ollama/qwen3:4b", Spec("ollama", "qwen3:4b")),
        ("replay/01KAM3T7Q9:white", Spec("replay", "01KAM3T7Q9:white")),
        ("uci/stockfish,nodes=1000", Spec("uci", "stockfish", options=(("nodes", "1000"),))),
        ("uci//usr/games/stockfish", Spec("uci", "/usr/games/stockfish")),
        (
            "openai/Qwen/Qwen3-8B@http://localhost:8000/v1,temperature=0.7",
            Spec("openai", "Qwen/Qwen3-8B", "http://localhost:8000/v1", (("temperature", "0.7"),)),
        ),
        ("./my_agent.py:MyAgent,depth=2", Spec("./my_agent.py:MyAgent", options=(("depth", "2"),))),
        ("/abs/dir/mine.py:Mine", Spec("/abs/dir/mine.py:Mine")),
        ("../nim.py", Spec("../nim.py")),
        ("games/nim.py", Spec("games/nim.py")),
        ("./mine.py:Mine/Qwen/Q3@http://a/b", Spec("./mine.py:Mine", "Qwen/Q3", "http://a/b")),
        ("pkg.module:Class", Spec("pkg.module:Class")),
        ("pkg.module:Class/target", Spec("pkg.module:Class", "target")),
    ],
)
def test_canonical_texts_are_read_and_printed_as_they_stand(text, spec):
    assert parse(text) == spec
    assert str(spec) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("chess, max_plies = 40 ,x=1", "chess,max_plies=40,x=1"),
        ('scripted,moves="e4,e5"', 'scripted,moves="e4,e5"'),
        ('scripted,moves="e4"', "scripted,moves=e4"),
        ('vertex/"claude@20250514"', 'vertex/"claude@20250514"'),
        ('"./a, b/nim.py:Nim"', '"./a, b/nim.py:Nim"'),
        ('"openai"/model.py', '"openai"/model.py'),
        ("a,sum=1+2=3", "a,sum=1+2=3"),
        ('a,say="he said \\"no\\"\\n"', 'a,say="he said \\"no\\"\\n"'),
        ("a,b=", "a,b="),
    ],
)
def test_other_spellings_have_one_canonical_text(text, canonical):
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "a name"),
        (",a=1", 1, "a name"),
        ("max_plies=40", 1, "a name"),
        ("chess,", 7, "an option such as depth=2"),
        ("chess,,a=1", 7, "an option such as depth=2"),
        ("chess,2x=1", 7, "an option such as depth=2"),
        ("chess,max", 10, "= and a value after the option 'max'"),
        ("chess,a=1,a=2", 11, "the option 'a' only once"),
        ("openai/", 8, "a target after the slash"),
        ("openai/x@", 10, "a URL after the at-sign"),
        ("openai/x@localhost:8000", 10, "a URL such as http://localhost:8000/v1"),
        ('a,b="x', 5, "ends with a quote"),
        ('a,b="x"y', 8, "',' or the end"),
        ('a,b="\\q"', 6, "ends with a quote"),
        ('""', 1, "a name"),
    ],
)
def test_errors_name_the_position_and_what_was_expected(text, position, expected):
    with pytest.raises(LoadError) as caught:
        parse(text)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"bad specifier, position {position}: expected")
    assert expected in first


def test_an_error_points_at_the_place_with_a_caret():
    with pytest.raises(LoadError) as caught:
        parse("chess,max")
    assert str(caught.value).splitlines()[1:] == ["  chess,max", "           ^"]


@pytest.mark.parametrize(
    "text",
    [
        "openai/x@http://user:hunter2@host/v1",
        "openai/x@http://hunter2@host/v1",
        "openai/x@http://host/v1?api_key=hunter2",
        "openai/x,api_key=hunter2,,",
        'openai/x,OPENAI_API_KEY="hunter2',
    ],
)
def test_errors_never_show_a_secret(text):
    with pytest.raises(LoadError) as caught:
        parse(text)
    assert "hunter2" not in str(caught.value)


def test_paths_are_told_from_names():
    assert all(map(is_path, ["./x", "../x.py", "/x.py:Y", "~/x.py", "games/nim.py", "nim.py:Nim", "nim.py"]))
    assert not any(map(is_path, ["chess", "pkg.module:Class", "openai", "nim.pyx", "a:b.py"]))


def test_a_place_has_a_file_and_perhaps_a_class():
    assert place("./nim.py:Nim") == Place("./nim.py", "Nim")
    assert place("/a:b/nim.py") == Place("/a:b/nim.py", "")


def test_names_of_secrets_are_known_and_harmless_ones_are_not():
    secret = [
        "key",
        "api_key",
        "apikey",
        "API-KEY",
        "OPENAI_API_KEY",
        "token",
        "hf_token",
        "password",
        "secret",
    ]
    assert all(map(is_secret, secret))
    assert not any(
        map(is_secret, ["key_env", "max_tokens", "tokens", "monkey", "keys", "seed", "secrets_kept"])
    )


def test_names_of_variables_are_told_from_keys():
    assert is_variable("LAB_KEY") and is_variable("_x1")
    assert not any(map(is_variable, ["sk-abc", "1abc", "", "a b", "ключ"]))


def test_a_url_may_have_a_query_but_no_secret():
    assert wrong_url("https://lab.example/v1?api-version=2") == ""
    assert "key_env" in wrong_url("https://lab.example/v1?token=x")
    assert "such as" in wrong_url("lab.example/v1")
