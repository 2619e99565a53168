"""Writes testdata/page: small models of the kinds that the try-it page has forms for (scikit-learn 1.9.1, pandas).

    python page.py
"""
import os
import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
os.makedirs(FOLDER, exist_ok=True)


def save(name, model):
    joblib.dump(model, os.path.join(FOLDER, name + ".joblib"), compress=("zlib", 9))


texts = ["the football match ended with goals", "striker scores twice in football final",
         "parliament votes about taxes tonight", "election results surprise parliament",
         "goalkeeper saves football penalty match", "minister resigns after election taxes"]
topics = ["sport", "sport", "politics", "politics", "sport", "politics"]
save("text", make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10)).fit(texts, topics))

names = np.array(["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"], dtype=object)
save("hostile", LogisticRegression().fit([[0.0], [1.0]], names))

r, n = np.random.RandomState(0), 400
passengers = pd.DataFrame({
    "age": r.randint(18, 80, n), "fare": r.gamma(2, 20, n).round(2), "sex": r.choice(["female", "male"], n),
    "embarked": r.choice(["Cherbourg", "Queenstown", "Southampton"], n), "class": r.choice(["first", "second", "third"], n),
    "alone": r.choice([True, False], n)})
lucky = (passengers.sex == "female") & (passengers["class"] != "third") | (passengers.age < 25) & (r.rand(n) > 0.4)
prepare = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age", "fare"]),
    ("categories", OneHotEncoder(handle_unknown="ignore"), ["sex", "embarked", "class"]),
    ("flags", OneHotEncoder(drop="if_binary"), ["alone"])])
survival = Pipeline([("prepare", prepare), ("classify", LogisticRegression(C=0.5))])
save("table", survival.fit(passengers, np.where(lucky, "survived", "died")))

digits, iris = load_digits(), load_iris()
save("digits", LogisticRegression(max_iter=2000).fit(digits.data, digits.target))
save("outputs", MultiOutputClassifier(LogisticRegression(max_iter=500)).fit(iris.data, np.c_[iris.target, iris.target > 0]))
save("regression", RandomForestRegressor(3, max_depth=4, random_state=0).fit(iris.data[:, :2], iris.data[:, 2:]))
save("clusters", KMeans(3, n_init=3, random_state=0).fit(iris.data))
save("transformer", make_pipeline(StandardScaler(), PCA(2)).fit(iris.data))
save("records", make_pipeline(DictVectorizer(), LogisticRegression()).fit(
    [{"city": "Bern", "rooms": 3}, {"city": "Basel", "rooms": 5}, {"city": "Chur", "rooms": 2}], ["low", "high", "low"]))
# Names of columns that look like numbers, and a column of text that does.
codes = pd.DataFrame({"2019": ["01234", "10115", "01234", "80331"], "2020": [1, 2, 3, 5]})
coded = ColumnTransformer([("codes", OneHotEncoder(handle_unknown="ignore"), ["2019"])], remainder="passthrough")
save("numbered", make_pipeline(coded, LinearRegression()).fit(codes, [10.0, 120.0, 30.0, 0.0]))
